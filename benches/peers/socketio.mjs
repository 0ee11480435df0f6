// Socket.IO: its rooms, its protocol, over WebSockets alone.

import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const server = new Server(http, { transports: ["websocket"], perMessageDeflate: false });
const seqs = new Map();

server.on("connection", (socket) => {
  socket.on("open", ({ room }) => {
    socket.join(String(room));
    socket.emit("opened", {});
  });
  socket.on("send", ({ room, id, body }) => {
    const seq = (seqs.get(room) ?? 0) + 1;
    seqs.set(room, seq);
    server.to(String(room)).emit("message", { room, seq, id, by: "u1", at: Date.now(), body });
  });
});

http.listen({ host: "127.0.0.1", port: Number(process.argv[2]), backlog: 4096 }, () => console.log("listening"));
