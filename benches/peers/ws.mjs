// Node's `ws`: a set of sockets a room, one send() each.

import { WebSocketServer } from "ws";

const rooms = new Map();
const server = new WebSocketServer({
  host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096, perMessageDeflate: false,
}, () => console.log("listening"));

server.on("connection", (socket) => {
  socket.on("message", (text) => {
    const asked = JSON.parse(text);
    const room = rooms.get(asked.room) ?? { seq: 0, readers: new Set() };
    rooms.set(asked.room, room);
    if (asked.t === "open") {
      room.readers.add(socket);
      socket.on("close", () => room.readers.delete(socket));
      socket.send('{"t":"opened"}');
      return;
    }
    room.seq += 1;
    const frame = JSON.stringify({
      t: "message", room: asked.room, seq: room.seq, id: asked.id, by: "u1", at: Date.now(), body: asked.body,
    });
    for (const reader of room.readers) reader.send(frame);
  });
});
