// What people do with what was said: edit, delete, answer, react, lead others to it.

import { type Person, type Room } from "../support/person.ts";
import { LOST, PHONE, expect, test } from "../support/test.ts";

test.describe("two people in a room", () => {
  let alice: Person, bob: Person, room: Room;
  test.beforeEach(({ pair }) => void ({ alice, bob, room } = pair));

  test("an edit shows to both, and only its author can make it", async () => {
    await alice.say("helo");
    await bob.say("hi alice");
    await alice.edit("helo", "hello");
    for (const who of [alice, bob]) {
      await expect(who.said("hello")).toContainText("edited");
      await expect(who.log.getByText("helo", { exact: true })).toHaveCount(0);
    }
    await alice.said("hi alice").hover();
    await expect(alice.said("hi alice").getByRole("button", { name: "Reply" })).toBeVisible();
    await expect(alice.said("hi alice").getByRole("button", { name: "Edit" })).toHaveCount(0);
    await bob.reload();
    await expect(bob.said("hello")).toContainText("edited");
  });

  test("the arrow up in an empty composer edits one's last message, and Escape leaves it as it was", async () => {
    await alice.say("first");
    await alice.say("second");
    await bob.say("third");
    await expect(alice.said("third")).toBeVisible();
    await alice.box.press("ArrowUp");
    const box = alice.page.getByRole("textbox", { name: "Edit message" });
    await expect(box).toHaveValue("second");
    await box.press("Escape");
    await expect(box).toHaveCount(0);
    await expect(alice.box).toBeFocused();
    await alice.box.press("ArrowUp");
    await box.fill("second, changed");
    await box.press("Enter");
    await expect(bob.said("second, changed")).toBeVisible();
    await expect(alice.box).toBeFocused();
  });

  test("a message is deleted for both once that was asked, and what quotes it says so", async () => {
    await alice.say("a secret");
    await bob.act("a secret", "Reply");
    await bob.say("what?");
    await expect(alice.said("what?").getByRole("link", { name: /a secret/ })).toBeVisible();
    // The owner may delete everything, others only what they said.
    await bob.said("a secret").hover();
    await expect(bob.said("a secret").getByRole("button", { name: "Reply" })).toBeVisible();
    await expect(bob.said("a secret").getByRole("button", { name: "Delete" })).toHaveCount(0);
    await alice.act("a secret", "Delete");
    const dialog = alice.page.getByRole("dialog", { name: "Delete this message?" });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(bob.said("a secret")).toBeVisible();
    await alice.act("a secret", "Delete");
    await dialog.getByRole("button", { name: "Delete message" }).click();
    for (const who of [alice, bob]) {
      await expect(who.said("This message was deleted.")).toBeVisible();
      await expect(who.log.getByText("a secret")).toHaveCount(0);
      await expect(who.said("what?").getByRole("link", { name: /deleted/ })).toBeVisible();
    }
  });

  test("an answer quotes its message and leads to it", async () => {
    await alice.say("shall we?");
    await bob.act("shall we?", "Reply");
    await expect(bob.box).toBeFocused();
    await bob.say("yes");
    const quote = alice.said(/yes/).getByRole("link", { name: /shall we/ });
    await expect(quote).toContainText("alice");
    await quote.click();
    await expect(alice.log.getByRole("article", { name: /^alice/ })).toHaveClass(/marked/);
    // One that is not wanted any more is taken back.
    await bob.act("shall we?", "Reply");
    await bob.page.getByRole("button", { name: "Cancel reply" }).click();
    await bob.say("plain");
    await expect(alice.said("plain").getByRole("link", { name: /shall we/ })).toHaveCount(0);
  });

  test("a reaction is a toggle, pressed where one gave it", async () => {
    await alice.say("cake!");
    await bob.act("cake!", "React");
    await bob.said("cake!").getByRole("button", { name: "🎉", exact: true }).click();
    const given = (who: Person, pressed: boolean) => who.said("cake!").getByRole("button", { name: /^🎉 \d/, pressed });
    await expect(given(bob, true)).toHaveAccessibleName("🎉 1: bob");
    await given(alice, false).click();
    await expect(given(bob, true)).toHaveAccessibleName("🎉 2: bob, alice");
    await given(bob, true).click();
    await expect(given(alice, true)).toHaveAccessibleName("🎉 1: alice");
    await given(alice, true).click();
    await expect(bob.said("cake!").getByRole("button", { name: /^🎉/ })).toHaveCount(0);
  });

  test("all emoji are found by name, and loaded when somebody looks", async () => {
    const loaded: string[] = [];
    bob.page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await alice.say("a cat");
    await bob.act("a cat", "React");
    const search = bob.page.getByRole("searchbox", { name: "Search emoji" });
    await expect(search).toBeFocused();
    expect(loaded.filter((path) => path === "/emoji.txt")).toHaveLength(1);
    await search.fill("grinning cat");
    await search.press("Enter");
    await expect(alice.said("a cat").getByRole("button", { name: /^😺 1: bob/ })).toBeVisible();
  });

  test("everything is within reach of the keyboard", async () => {
    await alice.say("one");
    await alice.say("two");
    await expect(alice.said("two").getByRole("time")).toBeVisible();
    await alice.said("two").getByRole("button", { name: "Actions" }).focus();
    const { keyboard } = alice.page;
    await keyboard.press("ArrowUp");
    await expect(alice.said("one").getByRole("button", { name: "Actions" })).toBeFocused();
    await keyboard.press("Tab");
    await expect(alice.said("one").getByRole("button", { name: "Reply" })).toBeFocused();
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await expect(alice.page.getByRole("searchbox", { name: "Search emoji" })).toBeFocused();
    await keyboard.press("Escape");
    await expect(alice.said("one").getByRole("button", { name: "Actions" })).toBeFocused();
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await expect(alice.said("one").getByRole("button", { name: "Edit" })).toBeFocused();
    await keyboard.press("Enter");
    await alice.page.getByRole("textbox", { name: "Edit message" }).fill("one, changed");
    await keyboard.press("Enter");
    await expect(bob.said("one, changed")).toBeVisible();
  });

  test("code scrolls within its block and can be copied", async () => {
    await alice.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const code = `let door = "${"x".repeat(300)}";\n  open(door)`;
    await alice.say("```rust\n" + code + "\n```");
    const block = alice.log.locator("pre");
    await expect(block).toHaveText(code);
    await expect.poll(() => block.evaluate((pre) => pre.scrollWidth > pre.clientWidth)).toBe(true);
    await alice.log.getByRole("button", { name: "Copy", exact: true }).click();
    await expect(alice.log.getByRole("button", { name: "Copied" })).toBeVisible();
    expect(await alice.page.evaluate(() => navigator.clipboard.readText())).toBe(code);
  });

  test("of a twenty-first kind of reaction the server says why it will not have it", async () => {
    await alice.say("so many");
    const kinds = ["🐀", "🐁", "🐂", "🐃", "🐄", "🐅", "🐆", "🐇", "🐈", "🐉"];
    kinds.push("🐊", "🐋", "🐌", "🐍", "🐎", "🐏", "🐐", "🐑", "🐒", "🐓");
    await expect(bob.said("so many").getByRole("time")).toBeVisible();
    for (const emoji of kinds) await bob.hasReacted(room, 2, emoji);
    await expect(alice.said("so many").getByRole("button", { name: / 1: bob$/ })).toHaveCount(20);
    await alice.act("so many", "React");
    await alice.said("so many").getByRole("button", { name: "👍", exact: true }).click();
    await expect(alice.log.getByRole("alert")).toHaveText(/20 kinds of reactions/);
    await expect(alice.said("so many").getByRole("button", { name: /^👍 \d/ })).toHaveCount(0);
    // One of those that are there is still to be had.
    await alice.said("so many").getByRole("button", { name: /^🐓 1/ }).click();
    await expect(bob.said("so many").getByRole("button", { name: "🐓 2: bob, alice" })).toBeVisible();
  });

  test("a message that names somebody is marked for them", async () => {
    await alice.say("**hello** @Bob, and _you_");
    await expect(bob.log.locator("strong")).toHaveText("hello");
    await expect(bob.log.locator("em")).toHaveText("you");
    await expect(bob.said("hello @Bob")).toHaveClass(/names-me/);
    await expect(alice.said("hello @Bob")).not.toHaveClass(/names-me/);
  });
});

test("a link leads to its message in a long room, with what was said around it", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  const bodies = Array.from({ length: 250 }, (_, n) => `message ${n + 1}`);
  await alice.hasSaid(room, ...bodies);
  await alice.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await alice.enter("general");
  await alice.said("message 250").hover();
  await alice.said("message 250").getByRole("link", { name: "Copy link" }).click();
  await expect(alice.said("message 250")).toContainText("Link copied");
  const link = await alice.page.evaluate(() => navigator.clipboard.readText());
  const seq = Number(/\/@alice\/rooms\/general\?at=(\d+)$/.exec(link)![1]);
  await alice.goto(`/@alice/rooms/general?at=${seq - 200}`);
  await expect(alice.said(/^message 50$/)).toHaveClass(/marked/);
  await expect(alice.log.getByText("message 50", { exact: true })).toBeInViewport();
  await expect(alice.log.getByText("message 49", { exact: true })).toBeVisible();
  await expect(alice.log.getByText("message 51", { exact: true })).toBeVisible();
});

test("a quote leads to its message however far it is, and Escape back to the newest", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "where it began", ...Array.from({ length: 400 }, (_, n) => `message ${n + 1}`));
  await alice.hasAnswered(room, 1, "as I said");
  await alice.enter("general");
  await alice.said("as I said").getByRole("link", { name: /where it began/ }).click();
  await expect(alice.said("where it began")).toHaveClass(/marked/);
  await expect(alice.said("where it began")).toBeInViewport();
  await expect(alice.said("as I said")).toHaveCount(0);
  await alice.page.keyboard.press("Escape");
  await expect(alice.said("as I said")).toBeInViewport();
});

test("Escape in a room marks it read and goes to the newest message", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await bob.hasSaid(room, "the first", ...Array.from({ length: 119 }, (_, n) => `message ${n + 2}`));
  await alice.enter("general");
  await expect(alice.log.getByText("message 120")).toBeInViewport();
  await alice.page.getByRole("link", { name: /^First of / }).click();
  await expect(alice.log.getByText("the first")).toBeInViewport();
  await expect(alice.log.locator(".new-line")).toBeVisible();
  // What Escape is for elsewhere comes first.
  await alice.act("the first", "Reply");
  await alice.box.press("Escape");
  await expect(alice.page.getByRole("button", { name: "Cancel reply" })).toHaveCount(0);
  await expect(alice.log.getByText("the first")).toBeInViewport();
  await alice.box.press("Escape");
  await expect(alice.log.getByText("message 120")).toBeInViewport();
  await expect(alice.log.locator(".new-line")).toHaveCount(0);
  await expect(alice.page.getByRole("link", { name: /^First of / })).toHaveCount(0);
  const again = await alice.newTab("alice");
  await again.goto(again.dashboard());
  await expect(again.row("general")).not.toContainText("new");
});

test("who came and went is told in one line, also after a reload and further back", async ({ named }) => {
  const [alice, bob, runa] = [await named("alice"), await named("bob"), await named("runa")];
  const room = await alice.hasCreated("general");
  const came = () => alice.log.locator(".came").allTextContents();
  await bob.hasJoined("general");
  await runa.hasJoined("general");
  await alice.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `message ${n + 1}`));
  await runa.hasLeft(room);
  await alice.hasSaid(room, "where is runa?");
  await alice.enter("general");
  expect(await came()).toEqual(["runa left"]);
  await runa.hasJoined("general");
  await expect.poll(came).toEqual(["runa left", "runa joined"]);
  await runa.hasLeft(room);
  await expect.poll(came).toEqual(["runa left", "runa came and went"]);
  await alice.reload();
  expect(await came()).toEqual(["runa left", "runa came and went"]);
  // Who comes near to them is given them.
  await alice.page.getByRole("link", { name: "Older messages" }).scrollIntoViewIfNeeded();
  await expect.poll(came).toEqual(["bob and runa joined", "runa left", "runa came and went"]);
  const plain = await bob.context.browser()!.newContext({ javaScriptEnabled: false, baseURL: new URL(alice.page.url()).origin });
  await plain.addCookies(await bob.context.cookies());
  const page = await plain.newPage();
  await page.goto(bob.room("general"));
  await expect(page.locator(".came")).toHaveText(["runa left", "runa came and went"]);
  await plain.close();
});

test("a finger has a message's actions at hand, reacts, and lets go of them", async ({ named }) => {
  const [alice, bob] = [await named("alice", PHONE), await named("bob")];
  const room = await bob.hasCreated("general");
  await alice.hasJoined("general");
  await bob.hasSaid(room, "one", "two");
  await alice.goto(alice.room("general"));
  const actions = (text: string) => alice.said(text).getByRole("button", { name: "React" });
  await expect(alice.said("two")).toBeVisible();
  await expect(actions("two")).toHaveCount(0);
  await alice.said("two").locator(".body").tap();
  await expect(actions("two")).toBeVisible();
  await alice.said("one").locator(".body").tap();
  await expect(actions("one")).toBeVisible();
  await expect(actions("two")).toHaveCount(0);
  await alice.said("one").locator(".body").tap();
  await expect(actions("one")).toHaveCount(0);
  await alice.said("one").locator(".body").tap();
  await actions("one").tap();
  await alice.said("one").getByRole("button", { name: "🎉", exact: true }).tap();
  const given = alice.said("one").getByRole("button", { name: "🎉 1: alice", pressed: true });
  await expect(given).toBeVisible();
  await given.tap();
  await expect(alice.said("one").getByRole("button", { name: /^🎉 \d/ })).toHaveCount(0);
});

test.describe("without a connection", () => {
  test.use({ tolerated: [LOST] });

  test("an edit waits, and arrives once and after the message it edits", async ({ named, server }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    await alice.hasCreated("general");
    await bob.hasJoined("general");
    await alice.enter("general");
    await alice.say("befor");
    await expect(alice.said("befor").getByRole("time")).toBeVisible();
    await server.kill();
    await alice.say("offline");
    await alice.edit("befor", "before");
    await expect(alice.said("before")).toBeVisible();
    await server.again();
    await expect(alice.log.getByText("Waiting")).toHaveCount(0);
    await bob.enter("general");
    await expect(bob.said("before")).toContainText("edited");
    await expect(bob.said("offline")).toHaveCount(1);
    await expect(bob.log.getByRole("article")).toHaveCount(2);
  });

  test("what waits can be changed or let go of before it is sent", async ({ pair: { alice, bob }, server }) => {
    await alice.say("stays");
    await expect(bob.said("stays")).toBeVisible();
    await server.kill();
    await expect(alice.page.getByRole("status").filter({ hasText: "Reconnecting" })).toBeVisible();
    await alice.say("wors");
    await alice.say("never mind");
    await expect(alice.said("never mind")).toContainText("Waiting");
    await alice.said("never mind").getByRole("button", { name: "Discard" }).click();
    await expect(alice.said("never mind")).toHaveCount(0);
    await expect(alice.box).toBeFocused();
    await alice.box.press("ArrowUp");
    await expect(alice.box).toHaveValue("wors");
    await alice.say("words");
    await alice.said("words").getByRole("button", { name: "Edit" }).click();
    await expect(alice.box).toHaveValue("words");
    await alice.say("other words");
    await server.again();
    await expect(bob.said("other words")).toBeVisible({ timeout: 30_000 });
    for (const who of [alice, bob]) await expect(who.log.locator(".body")).toHaveText(["stays", "other words"]);
    await expect(alice.log.getByRole("button", { name: "Discard" })).toHaveCount(0);
  });

  test("what happened to messages while a page was away shows when it is back", async ({ named }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    const room = await alice.hasCreated("general");
    await bob.hasJoined("general");
    await alice.enter("general");
    await bob.enter("general");
    await alice.say("tpyo");
    await alice.say("to go");
    await expect(bob.said("to go")).toBeVisible();
    await bob.context.setOffline(true);
    await alice.edit("tpyo", "typo");
    await alice.act("to go", "Delete");
    await alice.page.getByRole("button", { name: "Delete message" }).click();
    await expect(alice.said("This message was deleted.")).toBeVisible();
    await alice.hasSaid(room, "and more");
    await bob.context.setOffline(false);
    await expect(bob.said("typo")).toBeVisible();
    await expect(bob.said("This message was deleted.")).toBeVisible();
    await expect(bob.said("and more")).toBeVisible();
    await expect(bob.log.getByText("to go")).toHaveCount(0);
  });
});

test("a refused edit says why, and is let go of", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  const why = "The server has no room left to store this. Nothing was stored.";
  await alice.page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      const { t, room, id } = JSON.parse(String(frame));
      if (t === "edit") {
        socket.send(JSON.stringify({ t: "refused", room, id, code: "storage_full", message: why }));
      } else server.send(frame);
    });
  });
  await alice.enter("general");
  await alice.say("as it was");
  await alice.edit("as it was", "as it is");
  await expect(alice.log.getByRole("alert")).toHaveText(why);
  await expect(alice.said("as it was")).toBeVisible();
  await alice.log.getByRole("button", { name: "Discard" }).click();
  await expect(alice.log.getByRole("alert")).toHaveCount(0);
  await alice.reload();
  await expect(alice.log.getByRole("alert")).toHaveCount(0);
});

test("a link's message is where it stays while the page comes alive", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, ...Array.from({ length: 100 }, (_, n) => `message ${n + 1}`));
  const { page } = alice;
  let comeAlive = () => {};
  const held = new Promise<void>((resolve) => (comeAlive = resolve));
  await page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${alice.room("general")}?at=20`, { waitUntil: "commit" });
  const row = alice.said(/^message 20$/);
  await expect(row).toBeInViewport({ ratio: 1 });
  const before = await row.boundingBox();
  comeAlive();
  await alice.live();
  await expect(row.getByRole("button", { name: "Reply" })).toBeVisible();
  const after = await row.boundingBox();
  expect(Math.abs(after!.y - before!.y)).toBeLessThan(2);
});

test("a row that has the keyboard's place has its actions at hand", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "one", "two");
  await alice.enter("general");
  for (const text of ["one", "two"]) {
    await alice.said(text).focus();
    for (const name of ["Reply", "React", "Edit", "Delete"]) {
      await expect(alice.said(text).getByRole("button", { name, exact: true })).toBeVisible();
    }
  }
  await alice.page.keyboard.press("ArrowUp");
  await expect(alice.said("one").getByRole("button", { name: "Reply" })).toBeVisible();
  await expect(alice.log.getByRole("button", { name: "Reply" })).toHaveCount(1);
});
