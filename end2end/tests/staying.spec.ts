// One page that stays: moving about loads no document, and keeps the socket and all that is on the page.

import type { Locator } from "@playwright/test";
import type { Person, Room } from "../support/person.ts";
import { LOST, PHONE, expect, test } from "../support/test.ts";

/** Counts what a page loads from here on. */
function count(someone: Person): { documents: number; sockets: number } {
  const counted = { documents: 0, sockets: 0 };
  someone.page.on("request", (request) => {
    if (request.isNavigationRequest() && request.frame() === someone.page.mainFrame()) counted.documents++;
  });
  someone.page.on("websocket", () => counted.sockets++);
  return counted;
}

async function go(someone: Person, room: string): Promise<void> {
  await someone.beside.getByRole("link", { name: room }).click();
  await expect(someone.heading).toHaveText(room);
}

/** A person with so many rooms, `room 1`, `room 2` …, of another who can talk there. */
async function withRooms(alice: Person, bob: Person, count: number): Promise<Room[]> {
  const rooms = [];
  for (let n = 1; n <= count; n++) {
    rooms.push(await bob.hasCreated(`room ${n}`));
    await alice.hasJoined(`room ${n}`);
  }
  return rooms;
}

test("the dashboard, rooms, back and forward are one document with one socket", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const rooms = await withRooms(alice, bob, 5);
  for (const room of rooms) await bob.hasSaid(room, `hello ${room.name}`);
  const counted = count(alice);
  await alice.goto(alice.dashboard());
  await alice.row("room 1").getByRole("link", { name: "room 1" }).click();
  await expect(alice.log.getByText("hello room 1")).toBeVisible();
  await expect(alice.page).toHaveURL(alice.room("room 1"));
  for (const room of rooms.slice(1)) {
    await go(alice, room.name);
    await expect(alice.page).toHaveURL(alice.room(room.name));
    await expect(alice.log.getByText(`hello ${room.name}`)).toBeVisible();
  }
  await alice.page.goBack();
  await expect(alice.heading).toHaveText("room 4");
  await expect(alice.page).toHaveURL(alice.room("room 4"));
  await alice.page.goForward();
  await expect(alice.heading).toHaveText("room 5");
  await alice.page.getByRole("link", { name: "All rooms" }).click();
  await expect(alice.heading).toHaveText("Rooms");
  await expect(alice.page).toHaveURL(alice.dashboard());
  // All of it lives: what is said shows in the list.
  await bob.hasSaid(rooms[2]!, "still there?");
  await expect(alice.row("room 3")).toContainText("still there?");
  expect(counted).toEqual({ documents: 1, sockets: 1 });
});

test("creating, joining, leaving and deleting rooms load no document", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const choir = await bob.hasCreated("choir");
  await bob.hasSaid(choir, "la la la");
  const counted = count(alice);
  await alice.goto(alice.dashboard());
  await alice.create("general", "open sesame");
  await expect(alice.heading).toHaveText("general");
  await expect(alice.page).toHaveURL(alice.room("general"));
  await expect(alice.box).toBeFocused();
  await alice.page.getByRole("link", { name: "All rooms" }).click();
  // What was typed there is not there any more.
  await expect(alice.form("Create a room").getByRole("textbox", { name: "Room name" })).toHaveValue("");
  await alice.join("choir", "open sesame");
  await expect(alice.log.getByText("la la la")).toBeVisible();
  await expect(alice.beside.getByRole("link")).toHaveCount(3);
  await alice.leave();
  await expect(alice.heading).toHaveText("Rooms");
  await expect(alice.row("choir")).toBeHidden();
  await expect(alice.row("general")).toBeVisible();
  await alice.page.getByRole("button", { name: "Delete general" }).click();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Delete room" }).click();
  await expect(alice.row("general")).toBeHidden();
  expect(counted).toEqual({ documents: 1, sockets: 1 });
});

test("modified clicks, another identity and deep links are the browser's", async ({ named }) => {
  const alice = await named("alice");
  await (await alice.newTab("ben")).hasClaimed();
  await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await alice.enter("general");
  const [opened] = await Promise.all([
    alice.context.waitForEvent("page"),
    alice.beside.getByRole("link", { name: "garden" }).click({ modifiers: ["ControlOrMeta"] }),
  ]);
  await expect(opened).toHaveURL(alice.room("garden"));
  await expect(alice.heading).toHaveText("general");
  const counted = count(alice);
  const who = alice.page.getByRole("navigation", { name: "Who you are" });
  await who.getByRole("button", { name: "@alice" }).click();
  await who.getByRole("link", { name: "@ben" }).click();
  await expect(alice.page).toHaveURL("/@ben");
  expect(counted.documents).toBe(1);
});

test("a page that another build has made loads the next one", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await alice.page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((frame) => {
      const said = JSON.parse(String(frame));
      socket.send(said.t === "hello" ? JSON.stringify({ ...said, build: "another" }) : frame);
    });
  });
  await alice.enter("general");
  const counted = count(alice);
  await go(alice, "garden");
  expect(counted.documents).toBe(1);
});

test("a room that was shown comes back as it was left: draft, place and what came meanwhile", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const [room] = await withRooms(alice, bob, 2);
  await bob.hasSaid(room!, ...Array.from({ length: 50 }, (_, n) => `message ${n + 1}`));
  await alice.enter("room 1");
  await alice.box.fill("not yet");
  const anchor = alice.log.getByText("message 20", { exact: true });
  await anchor.evaluate((row) => row.scrollIntoView({ block: "center", behavior: "instant" }));
  await expect(alice.page.getByRole("link", { name: "Newest messages" })).toBeVisible();
  const before = await top(anchor);
  await go(alice, "room 2");
  await expect(alice.box).toHaveValue("");
  await bob.hasSaid(room!, "meanwhile");
  await expect(alice.beside.getByRole("link", { name: "room 1" })).toContainText("1 new");
  await alice.page.goBack();
  await expect(alice.heading).toHaveText("room 1");
  await expect(alice.box).toHaveValue("not yet");
  await expect(alice.page.getByRole("link", { name: "1 new message" })).toBeVisible();
  expect(Math.abs((await top(anchor)) - before)).toBeLessThanOrEqual(1);
  await alice.page.getByRole("link", { name: "1 new message" }).click();
  await expect(alice.log.getByText("meanwhile")).toBeInViewport();
});

test("the dashboard is scrolled on the way back as it was left", async ({ named }) => {
  const [alice, bob] = [await named("alice", { viewport: { width: 800, height: 400 } }), await named("bob")];
  await withRooms(alice, bob, 12);
  await alice.goto(alice.dashboard());
  await alice.row("room 2").scrollIntoViewIfNeeded();
  const before = await alice.page.evaluate(() => scrollY);
  expect(before).toBeGreaterThan(100);
  await alice.row("room 2").getByRole("link", { name: "room 2" }).click();
  await expect(alice.heading).toHaveText("room 2");
  await alice.page.goBack();
  await expect(alice.heading).toHaveText("Rooms");
  await expect.poll(() => alice.page.evaluate(() => scrollY)).toBe(before);
});

test("title, keyboard's place, announcement and the list say where one is", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await withRooms(alice, bob, 2);
  await alice.goto(alice.dashboard());
  await alice.row("room 1").getByRole("link", { name: "room 1" }).click();
  await expect(alice.page).toHaveTitle("room 1 · Latchkey");
  await expect(alice.box).toBeFocused();
  await expect(alice.page.getByRole("status").filter({ hasText: /^room 1$/ })).toHaveCount(1);
  const current = alice.beside.locator("[aria-current=page]");
  await expect(current).toHaveText("room 1");
  await go(alice, "room 2");
  await expect(current).toHaveText("room 2");
  await expect(alice.page).toHaveTitle("room 2 · Latchkey");
  await alice.page.goBack();
  await alice.page.goBack();
  await expect(alice.heading).toBeFocused();
  await expect(alice.page).toHaveTitle("@alice · Latchkey");
});

test("on a phone the heading has the keyboard's place, so that no keyboard covers the room", async ({ named }) => {
  const [alice, bob] = [await named("alice", PHONE), await named("bob")];
  await withRooms(alice, bob, 1);
  await alice.goto(alice.dashboard());
  await alice.row("room 1").getByRole("link", { name: "room 1" }).tap();
  await expect(alice.heading).toHaveText("room 1");
  await expect(alice.heading).toBeFocused();
});

test("a hidden room announces nothing, marks nothing as read and shares no id", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const rooms = await withRooms(alice, bob, 3);
  await alice.enter("room 1");
  await go(alice, "room 2");
  await go(alice, "room 3");
  await alice.page.getByRole("link", { name: "All rooms" }).click();
  await alice.row("room 3").getByRole("link", { name: "room 3" }).click();
  await expect(alice.heading).toHaveText("room 3");
  await bob.hasSaid(rooms[0]!, "is anybody here?");
  await expect(alice.beside.getByRole("link", { name: "room 1" })).toContainText("1 new");
  const found = await alice.page.evaluate(() => {
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    const logs = [...document.querySelectorAll("[role=log]")];
    return {
      twice: ids.filter((id, at) => ids.indexOf(id) !== at),
      live: logs.filter((log) => log.getAttribute("aria-live") !== "off").length,
      open: logs.filter((log) => !log.closest("[inert]")).length,
      logs: logs.length,
    };
  });
  expect(found).toEqual({ twice: [], live: 1, open: 1, logs: 3 });
  // Nor has the server been told so.
  await alice.page.waitForTimeout(1_500);
  await alice.reload();
  await expect(alice.beside.getByRole("link", { name: "room 1" })).toContainText("1 new");
  await go(alice, "room 1");
  await expect(alice.log.getByText("New", { exact: true })).toBeVisible();
});

test("what is new when a room is come back to stands under a line", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const [room] = await withRooms(alice, bob, 2);
  await bob.hasSaid(room!, "old");
  await alice.enter("room 1");
  await expect(alice.log.getByText("old")).toBeVisible();
  await alice.page.waitForTimeout(1_200);
  await go(alice, "room 2");
  await bob.hasSaid(room!, "fresh");
  await expect(alice.beside.getByRole("link", { name: "room 1" })).toContainText("1 new");
  await go(alice, "room 1");
  const lines = async () => (await alice.log.innerText()).split("\n").filter((line) => /^(new|old|fresh)$/i.test(line));
  await expect.poll(lines).toEqual(["old", expect.stringMatching(/^new$/i), "fresh"]);
});

test("rooms that have not been shown for long are let go, and come back from the server", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const rooms = await withRooms(alice, bob, 9);
  await bob.hasSaid(rooms[0]!, "the first");
  await alice.enter("room 1");
  for (const room of rooms.slice(1)) await go(alice, room.name);
  await expect.poll(() => alice.page.locator("[role=log]").count()).toBeLessThanOrEqual(6);
  await bob.hasSaid(rooms[0]!, "and another");
  await go(alice, "room 1");
  await expect(alice.log.getByText("and another")).toBeVisible();
  await bob.hasSaid(rooms[0]!, "live again");
  await expect(alice.log.getByText("live again")).toBeVisible();
  await alice.say("so am I");
  await expect(alice.log.getByRole("time")).toHaveCount(4);
});

test("a room that was let go is come back to where one was", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const rooms = await withRooms(alice, bob, 8);
  await bob.hasSaid(rooms[0]!, ...Array.from({ length: 150 }, (_, n) => `message ${n + 1}`));
  await alice.enter("room 1");
  const anchor = alice.log.getByText("message 105", { exact: true });
  await anchor.evaluate((row) => row.scrollIntoView({ block: "center", behavior: "instant" }));
  await expect(alice.page.getByRole("link", { name: "Newest messages" })).toBeVisible();
  for (const room of rooms.slice(1)) await go(alice, room.name);
  await expect.poll(() => alice.page.locator("[role=log]").count()).toBeLessThanOrEqual(6);
  for (const room of rooms.slice(0, -1).reverse()) {
    await alice.page.goBack();
    await expect(alice.heading).toHaveText(room.name);
  }
  await expect(anchor).toBeInViewport();
  // A link leads to the newest, as ever.
  await alice.page.getByRole("link", { name: "Newest messages" }).click();
  await expect(alice.log.getByText("message 150", { exact: true })).toBeInViewport();
});

test("a room is asked for as soon as its link is pressed", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await withRooms(alice, bob, 2);
  await alice.enter("room 1");
  const asked = alice.page.waitForRequest("**/api/room_page");
  const link = alice.beside.getByRole("link", { name: "room 2" });
  await link.hover();
  await alice.page.mouse.down();
  await asked;
  await expect(alice.heading).toHaveText("room 1");
  await alice.page.mouse.up();
  await expect(alice.heading).toHaveText("room 2");
});

test("a message that arrives is one row more, and nothing else moves in the log", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const [room] = await withRooms(alice, bob, 1);
  await bob.hasSaid(room!, ...Array.from({ length: 50 }, (_, n) => `message ${n + 1}`));
  await alice.enter("room 1");
  await expect(alice.log.getByText("message 50")).toBeInViewport();
  await alice.log.evaluate((log) => {
    const seen: string[] = ((window as { seen?: string[] }).seen = []);
    new MutationObserver((changes) => {
      for (const { type, addedNodes, removedNodes } of changes) {
        for (const node of addedNodes) if (node instanceof Element) seen.push(`+${node.textContent}`);
        for (const node of removedNodes) if (node instanceof Element) seen.push(`-${node.textContent}`);
        if (type !== "childList") seen.push(type);
      }
    }).observe(log.firstElementChild!, { childList: true, subtree: true, attributes: true, characterData: true });
  });
  await bob.hasSaid(room!, "one more");
  await expect(alice.log.getByText("one more")).toBeVisible();
  const seen = await alice.page.evaluate(() => (window as { seen?: string[] }).seen!);
  expect(seen.filter((what) => what.startsWith("+"))).toEqual([expect.stringContaining("one more")]);
  expect(seen.filter((what) => !what.startsWith("+"))).toEqual([]);
});

test.describe("where the connection goes", () => {
  test.use({ tolerated: [LOST] });

  test("what waits in another room is sent without that room being opened", async ({ named }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    await withRooms(alice, bob, 2);
    await bob.enter("room 1");
    await alice.page.routeWebSocket(/\/live/, (socket) => void socket.close());
    await alice.goto(alice.room("room 1"));
    await alice.say("from the other room");
    await expect(alice.log.getByText("Waiting")).toBeVisible();
    await alice.page.unrouteAll();
    const again = await alice.newTab("alice");
    await alice.page.close();
    await again.goto(again.room("room 2"));
    await expect(bob.log.getByText("from the other room")).toBeVisible();
    await expect(again.heading).toHaveText("room 2");
    expect(await again.page.evaluate(() => Object.keys(localStorage).filter((key) => key.includes("outbox")))).toEqual([]);
  });

  test("unread is right after a reconnect, wherever one is", async ({ named }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    const [one, two] = await withRooms(alice, bob, 2);
    await alice.enter("room 1");
    await alice.context.setOffline(true);
    await expect(alice.page.getByRole("status").filter({ hasText: "You are offline" })).toBeVisible();
    await bob.hasSaid(two!, "one", "two", "three");
    await bob.hasSaid(one!, "here, too");
    await alice.context.setOffline(false);
    await expect(alice.beside.getByRole("link", { name: "room 2" })).toContainText("3 new", { timeout: 15_000 });
    await expect(alice.log.getByText("here, too")).toBeVisible();
    await alice.page.getByRole("link", { name: "All rooms" }).click();
    await expect(alice.row("room 2")).toContainText("3 new");
    await expect(alice.row("room 2")).toContainText("three");
    await expect(alice.row("room 1")).not.toContainText("new");
  });

  test("a room that cannot be reached says so and leaves one where one is", async ({ named }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    await withRooms(alice, bob, 2);
    await alice.enter("room 1");
    await alice.box.fill("a draft");
    await alice.context.setOffline(true);
    await alice.beside.getByRole("link", { name: "room 2" }).click();
    await expect(alice.page.getByRole("status").filter({ hasText: "room 2 cannot be opened" })).toBeVisible();
    await expect(alice.heading).toHaveText("room 1");
    await expect(alice.page).toHaveURL(alice.room("room 1"));
    await expect(alice.box).toHaveValue("a draft");
    await alice.context.setOffline(false);
  });
});

test("rooms that are joined, left or deleted elsewhere come and go in the lists", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await withRooms(alice, bob, 2);
  await alice.enter("room 1");
  await bob.hasCreated("choir");
  await alice.hasJoined("choir");
  await expect(alice.beside.getByRole("link", { name: "choir" })).toBeVisible();
  const other = await alice.newTab("alice");
  await other.goto(other.dashboard());
  await expect(other.row("choir")).toBeVisible();
  await other.leave("Leave choir");
  await expect(other.row("choir")).toBeHidden();
  await expect(alice.beside.getByRole("link", { name: "choir" })).toBeHidden();
  await bob.goto(bob.dashboard());
  await bob.page.getByRole("button", { name: "Delete room 2" }).click();
  await bob.page.getByRole("dialog").getByRole("button", { name: "Delete room" }).click();
  await expect(alice.beside.getByRole("link", { name: "room 2" })).toBeHidden();
  await expect(other.row("room 2")).toBeHidden();
  await expect(alice.heading).toHaveText("room 1");
});

test("a focused link in the list survives its count, and nothing reorders under it", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const rooms = await withRooms(alice, bob, 3);
  for (const room of rooms) await bob.hasSaid(room, "hello");
  await alice.enter("room 3");
  const links = alice.beside.getByRole("list").getByRole("link");
  await expect(links).toHaveText([/room 3/, /room 2/, /room 1/]);
  const link = alice.beside.getByRole("link", { name: "room 1" });
  await link.focus();
  await bob.hasSaid(rooms[0]!, "and again");
  await expect(link).toContainText("2 new");
  await expect(link).toBeFocused();
  await expect(links).toHaveText([/room 3/, /room 2/, /room 1/]);
  await alice.box.focus();
  await expect(links).toHaveText([/room 1/, /room 3/, /room 2/]);
  // Nor under a pointer.
  await links.last().hover();
  await bob.hasSaid(rooms[1]!, "and again");
  await expect(links.last()).toContainText("2 new");
  await expect(links).toHaveText([/room 1/, /room 3/, /room 2/]);
  await alice.box.hover();
  await expect(links).toHaveText([/room 2/, /room 1/, /room 3/]);
});

test("the line where unread begins can be jumped to where it is further up than the page", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const [room] = await withRooms(alice, bob, 1);
  await bob.hasSaid(room!, ...Array.from({ length: 20 }, (_, n) => `message ${n + 1}`));
  await alice.enter("room 1");
  await alice.page.waitForTimeout(500);
  await alice.goto("/");
  await bob.hasSaid(room!, ...Array.from({ length: 100 }, (_, n) => `message ${n + 21}`));
  await alice.enter("room 1");
  await expect(alice.log.getByText("message 120")).toBeInViewport();
  // Above what is loaded there is nothing read, so the line is its top.
  const lines = async () => (await alice.log.innerText()).split("\n").filter((line) => /^(new|message \d+)$/i.test(line));
  expect((await lines())[0]).toMatch(/^new$/i);
  await alice.page.getByRole("link", { name: "First of 100 new messages" }).click();
  await expect(alice.log.getByText("message 21", { exact: true })).toBeInViewport();
  const shown = await lines();
  expect(shown[shown.indexOf("message 20") + 1]).toMatch(/^new$/i);
  await expect(alice.page.getByRole("link", { name: /^First of/ })).toBeHidden();
  await alice.page.getByRole("link", { name: "Newest messages" }).click();
  await expect(alice.log.getByText("message 120")).toBeInViewport();
});

test("leaving a room asks first, and Escape changes nothing", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await withRooms(alice, bob, 1);
  await alice.enter("room 1");
  const opener = alice.page.getByRole("button", { name: "Leave room" });
  await opener.click();
  const dialog = alice.page.getByRole("dialog", { name: "Leave room 1?" });
  await expect(dialog).toBeVisible();
  await alice.page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  await alice.goto(alice.dashboard());
  await alice.page.getByRole("button", { name: "Leave room 1" }).click();
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(alice.row("room 1")).toBeVisible();
});

test("Enter breaks the line on a touch keyboard, and the button sends", async ({ named }) => {
  const [alice, bob] = [await named("alice", PHONE), await named("bob")];
  await withRooms(alice, bob, 1);
  await alice.goto(alice.room("room 1"));
  await alice.box.tap();
  await alice.page.keyboard.type("first");
  await alice.page.keyboard.press("Enter");
  await alice.page.keyboard.type("second");
  await expect(alice.box).toHaveValue("first\nsecond");
  await alice.page.getByRole("button", { name: "Send" }).tap();
  await expect(alice.log.getByText("second")).toBeVisible();
});

test("on a phone the way back to the rooms shows what waits elsewhere", async ({ named }) => {
  const [alice, bob] = [await named("alice", PHONE), await named("bob")];
  const [, two] = await withRooms(alice, bob, 2);
  await alice.goto(alice.room("room 1"));
  const back = alice.page.getByRole("button", { name: "Rooms" });
  await expect(back).not.toContainText("new");
  await bob.hasSaid(two!, "one", "two");
  await expect(back).toContainText("2 new elsewhere");
  await expect(alice.page).toHaveTitle(/^\(2\) room 1/);
  await back.tap();
  await alice.beside.getByRole("link", { name: "room 2" }).tap();
  await expect(alice.heading).toHaveText("room 2");
  await expect(alice.beside).toBeHidden();
  await expect(back).not.toContainText("new");
  await expect(alice.page).toHaveTitle(/^room 2/);
});

test("the tab's title counts what is said while nobody looks", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const [room] = await withRooms(alice, bob, 1);
  await alice.enter("room 1");
  await alice.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await bob.hasSaid(room!, "psst", "hello?");
  await expect(alice.page).toHaveTitle("(2) room 1 · Latchkey");
  await alice.page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { get: () => "visible", configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await expect(alice.page).toHaveTitle("room 1 · Latchkey");
});

test("two hundred switches leave nothing behind", async ({ named }) => {
  test.setTimeout(120_000);
  const [alice, bob] = [await named("alice"), await named("bob")];
  const rooms = await withRooms(alice, bob, 8);
  for (const room of rooms) await bob.hasSaid(room, "one", "two", "three");
  await alice.page.addInitScript(() => {
    const page = window as { intervals?: number };
    page.intervals = 0;
    const [set, clear] = [window.setInterval, window.clearInterval];
    window.setInterval = ((...given: Parameters<typeof set>) => (page.intervals!++, set(...given))) as typeof set;
    window.clearInterval = (id) => (page.intervals!--, clear(id));
  });
  await alice.enter("room 1");
  const debug = await alice.context.newCDPSession(alice.page);
  await debug.send("Performance.enable");
  const measure = async () => {
    await debug.send("HeapProfiler.collectGarbage");
    const { metrics } = await debug.send("Performance.getMetrics");
    const of = (name: string) => metrics.find((metric) => metric.name === name)!.value;
    const intervals = await alice.page.evaluate(() => (window as { intervals?: number }).intervals!);
    return { nodes: of("Nodes"), listeners: of("JSEventListeners"), intervals };
  };
  const names = rooms.map(({ name }) => name);
  const switches = async (from: number, to: number) => {
    for (let n = from; n < to; n++) await go(alice, names[n % names.length]!);
  };
  await switches(1, 21);
  const before = await measure();
  await switches(21, 201);
  await expect(async () => {
    const after = await measure();
    expect(after.intervals).toBe(before.intervals);
    expect(after.listeners).toBeLessThanOrEqual(before.listeners * 1.05);
    expect(after.nodes).toBeLessThanOrEqual(before.nodes * 1.05);
  }).toPass({ timeout: 10_000 });
});

async function top(of: Locator): Promise<number> {
  return (await of.boundingBox())!.y;
}
