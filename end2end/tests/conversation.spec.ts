// What people do with what was said: edit, delete, answer, react, lead others to it.

import { type Locator } from "@playwright/test";
import { type Person } from "../support/person.ts";
import { LOST, expect, test } from "../support/test.ts";

/** The row of a message, by what it says. */
const row = (who: Person, text: string | RegExp): Locator =>
  who.log.getByRole("article").filter({ has: who.page.locator(".body", { hasText: text }) });
const act = async (who: Person, text: string, action: string) => {
  await row(who, text).hover();
  await row(who, text).getByRole("button", { name: action, exact: true }).click();
};
const edit = async (who: Person, text: string, to: string) => {
  await act(who, text, "Edit");
  const box = who.page.getByRole("textbox", { name: "Edit message" });
  await expect(box).toBeFocused();
  await expect(box).toHaveValue(text);
  await box.fill(to);
  await who.page.getByRole("button", { name: "Save" }).click();
};

test.describe("two people in a room", () => {
  let alice: Person, bob: Person;
  test.beforeEach(async ({ named }) => {
    [alice, bob] = [await named("alice"), await named("bob")];
    await alice.hasCreated("general");
    await bob.hasJoined("general");
    await alice.enter("general");
    await bob.enter("general");
  });

  test("an edit shows to both, and only its author can make it", async () => {
    await alice.say("helo");
    await bob.say("hi alice");
    await edit(alice, "helo", "hello");
    for (const who of [alice, bob]) {
      await expect(row(who, "hello")).toContainText("edited");
      await expect(who.log.getByText("helo", { exact: true })).toHaveCount(0);
    }
    await row(alice, "hi alice").hover();
    await expect(row(alice, "hi alice").getByRole("button", { name: "Reply" })).toBeVisible();
    await expect(row(alice, "hi alice").getByRole("button", { name: "Edit" })).toHaveCount(0);
    await bob.reload();
    await expect(row(bob, "hello")).toContainText("edited");
  });

  test("the arrow up in an empty composer edits one's last message, and Escape leaves it as it was", async () => {
    await alice.say("first");
    await alice.say("second");
    await bob.say("third");
    await expect(row(alice, "third")).toBeVisible();
    await alice.box.press("ArrowUp");
    const box = alice.page.getByRole("textbox", { name: "Edit message" });
    await expect(box).toHaveValue("second");
    await box.press("Escape");
    await expect(box).toHaveCount(0);
    await expect(alice.box).toBeFocused();
    await alice.box.press("ArrowUp");
    await box.fill("second, changed");
    await box.press("Enter");
    await expect(row(bob, "second, changed")).toBeVisible();
    await expect(alice.box).toBeFocused();
  });

  test("a message is deleted for both once that was asked, and what quotes it says so", async () => {
    await alice.say("a secret");
    await act(bob, "a secret", "Reply");
    await bob.say("what?");
    await expect(row(alice, "what?").getByRole("link", { name: /a secret/ })).toBeVisible();
    // The owner may delete everything, others only what they said.
    await row(bob, "a secret").hover();
    await expect(row(bob, "a secret").getByRole("button", { name: "Reply" })).toBeVisible();
    await expect(row(bob, "a secret").getByRole("button", { name: "Delete" })).toHaveCount(0);
    await act(alice, "a secret", "Delete");
    const dialog = alice.page.getByRole("dialog", { name: "Delete this message?" });
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(row(bob, "a secret")).toBeVisible();
    await act(alice, "a secret", "Delete");
    await dialog.getByRole("button", { name: "Delete message" }).click();
    for (const who of [alice, bob]) {
      await expect(row(who, "This message was deleted.")).toBeVisible();
      await expect(who.log.getByText("a secret")).toHaveCount(0);
      await expect(row(who, "what?").getByRole("link", { name: /deleted/ })).toBeVisible();
    }
  });

  test("an answer quotes its message and leads to it", async () => {
    await alice.say("shall we?");
    await act(bob, "shall we?", "Reply");
    await expect(bob.box).toBeFocused();
    await bob.say("yes");
    const quote = row(alice, /yes/).getByRole("link", { name: /shall we/ });
    await expect(quote).toContainText("alice");
    await quote.click();
    await expect(alice.log.getByRole("article", { name: /^alice/ })).toHaveClass(/marked/);
    // One that is not wanted any more is taken back.
    await act(bob, "shall we?", "Reply");
    await bob.page.getByRole("button", { name: "Cancel reply" }).click();
    await bob.say("plain");
    await expect(row(alice, "plain").getByRole("link", { name: /shall we/ })).toHaveCount(0);
  });

  test("a reaction is a toggle, pressed where one gave it", async () => {
    await alice.say("cake!");
    await act(bob, "cake!", "React");
    await row(bob, "cake!").getByRole("button", { name: "🎉", exact: true }).click();
    const given = (who: Person, pressed: boolean) => row(who, "cake!").getByRole("button", { name: /^🎉 \d/, pressed });
    await expect(given(bob, true)).toHaveAccessibleName("🎉 1: bob");
    await given(alice, false).click();
    await expect(given(bob, true)).toHaveAccessibleName("🎉 2: bob, alice");
    await given(bob, true).click();
    await expect(given(alice, true)).toHaveAccessibleName("🎉 1: alice");
    await given(alice, true).click();
    await expect(row(bob, "cake!").getByRole("button", { name: /^🎉/ })).toHaveCount(0);
  });

  test("all emoji are found by name, and loaded when somebody looks", async () => {
    const loaded: string[] = [];
    bob.page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
    await alice.say("a cat");
    await act(bob, "a cat", "React");
    const search = bob.page.getByRole("searchbox", { name: "Search emoji" });
    await expect(search).toBeFocused();
    expect(loaded.filter((path) => path === "/emoji.txt")).toHaveLength(1);
    await search.fill("grinning cat");
    await search.press("Enter");
    await expect(row(alice, "a cat").getByRole("button", { name: /^😺 1: bob/ })).toBeVisible();
  });

  test("everything is within reach of the keyboard", async () => {
    await alice.say("one");
    await alice.say("two");
    await expect(row(alice, "two").getByRole("time")).toBeVisible();
    await row(alice, "two").getByRole("button", { name: "Actions" }).focus();
    const { keyboard } = alice.page;
    await keyboard.press("ArrowUp");
    await expect(row(alice, "one").getByRole("button", { name: "Actions" })).toBeFocused();
    await keyboard.press("Tab");
    await expect(row(alice, "one").getByRole("button", { name: "Reply" })).toBeFocused();
    await keyboard.press("Tab");
    await keyboard.press("Enter");
    await expect(alice.page.getByRole("searchbox", { name: "Search emoji" })).toBeFocused();
    await keyboard.press("Escape");
    await expect(row(alice, "one").getByRole("button", { name: "Actions" })).toBeFocused();
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await keyboard.press("Tab");
    await expect(row(alice, "one").getByRole("button", { name: "Edit" })).toBeFocused();
    await keyboard.press("Enter");
    await alice.page.getByRole("textbox", { name: "Edit message" }).fill("one, changed");
    await keyboard.press("Enter");
    await expect(row(bob, "one, changed")).toBeVisible();
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

  test("a message that names somebody is marked for them", async () => {
    await alice.say("**hello** @Bob, and _you_");
    await expect(bob.log.locator("strong")).toHaveText("hello");
    await expect(bob.log.locator("em")).toHaveText("you");
    await expect(row(bob, "hello @Bob")).toHaveClass(/names-me/);
    await expect(row(alice, "hello @Bob")).not.toHaveClass(/names-me/);
  });
});

test("a link leads to its message in a long room, with what was said around it", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  const bodies = Array.from({ length: 250 }, (_, n) => `message ${n + 1}`);
  await alice.hasSaid(room, ...bodies);
  await alice.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await alice.enter("general");
  await row(alice, "message 250").hover();
  await row(alice, "message 250").getByRole("link", { name: "Copy link" }).click();
  await expect(row(alice, "message 250")).toContainText("Link copied");
  const link = await alice.page.evaluate(() => navigator.clipboard.readText());
  const seq = Number(/\/@alice\/rooms\/general\?at=(\d+)$/.exec(link)![1]);
  await alice.goto(`/@alice/rooms/general?at=${seq - 200}`);
  await expect(row(alice, /^message 50$/)).toHaveClass(/marked/);
  await expect(alice.log.getByText("message 50", { exact: true })).toBeInViewport();
  await expect(alice.log.getByText("message 49", { exact: true })).toBeVisible();
  await expect(alice.log.getByText("message 51", { exact: true })).toBeVisible();
});

test.describe("without a connection", () => {
  test.use({ tolerated: [LOST] });

  test("an edit waits, and arrives once and after the message it edits", async ({ named, server }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    await alice.hasCreated("general");
    await bob.hasJoined("general");
    await alice.enter("general");
    await alice.say("befor");
    await expect(row(alice, "befor").getByRole("time")).toBeVisible();
    await server.kill();
    await alice.say("offline");
    await edit(alice, "befor", "before");
    await expect(row(alice, "before")).toBeVisible();
    await server.again();
    await expect(alice.log.getByText("Waiting")).toHaveCount(0);
    await bob.enter("general");
    await expect(row(bob, "before")).toContainText("edited");
    await expect(row(bob, "offline")).toHaveCount(1);
    await expect(bob.log.getByRole("article")).toHaveCount(2);
  });

  test("what happened to messages while a page was away shows when it is back", async ({ named }) => {
    const [alice, bob] = [await named("alice"), await named("bob")];
    const room = await alice.hasCreated("general");
    await bob.hasJoined("general");
    await alice.enter("general");
    await bob.enter("general");
    await alice.say("tpyo");
    await alice.say("to go");
    await expect(row(bob, "to go")).toBeVisible();
    await bob.context.setOffline(true);
    await edit(alice, "tpyo", "typo");
    await act(alice, "to go", "Delete");
    await alice.page.getByRole("button", { name: "Delete message" }).click();
    await expect(row(alice, "This message was deleted.")).toBeVisible();
    await alice.hasSaid(room, "and more");
    await bob.context.setOffline(false);
    await expect(row(bob, "typo")).toBeVisible();
    await expect(row(bob, "This message was deleted.")).toBeVisible();
    await expect(row(bob, "and more")).toBeVisible();
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
  await edit(alice, "as it was", "as it is");
  await expect(alice.log.getByRole("alert")).toHaveText(why);
  await expect(row(alice, "as it was")).toBeVisible();
  await alice.log.getByRole("button", { name: "Discard" }).click();
  await expect(alice.log.getByRole("alert")).toHaveCount(0);
  await alice.reload();
  await expect(alice.log.getByRole("alert")).toHaveCount(0);
});

test.describe("without a script", () => {
  test("messages are edited, deleted, answered and reacted to by plain forms", async ({ named }) => {
    const alice = await named("alice", { javaScriptEnabled: false });
    const room = await alice.hasCreated("general");
    await alice.hasSaid(room, "helo", "to go");
    const { page } = alice;
    const actions = async (text: string) => {
      await row(alice, text).hover();
      await row(alice, text).getByRole("button", { name: "Actions" }).click();
    };
    await page.goto(alice.room("general"));
    await actions("helo");
    await row(alice, "helo").getByRole("button", { name: "Edit", exact: true }).click();
    await page.getByRole("textbox", { name: "Edit message" }).fill("hello");
    await page.getByRole("button", { name: "Save" }).click();
    await expect(row(alice, "hello")).toContainText("edited");

    await actions("hello");
    await row(alice, "hello").getByRole("button", { name: "React" }).click();
    await row(alice, "hello").getByRole("button", { name: "👍" }).click();
    await expect(row(alice, "hello").getByRole("button", { name: "👍 1: alice", pressed: true })).toBeVisible();
    await row(alice, "hello").getByRole("button", { name: "👍 1: alice" }).click();
    await expect(row(alice, "hello").getByRole("button", { name: /👍/ })).toHaveCount(0);

    await actions("hello");
    await row(alice, "hello").getByRole("button", { name: "Reply" }).click();
    await alice.box.fill("indeed");
    await page.getByRole("button", { name: "Send" }).click();
    await page.goto(alice.room("general"));
    await expect(row(alice, "indeed").getByRole("link", { name: /hello/ })).toBeVisible();

    await actions("to go");
    await row(alice, "to go").getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete message" }).click();
    await expect(row(alice, "This message was deleted.")).toBeVisible();
  });
});
