// Messages as they are read, and what is done to them, with JavaScript off.

import type { Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

const OFF = { javaScriptEnabled: false };
const SIZES = [
  { width: 1280, height: 720 },
  { width: 1280, height: 1000 },
  { width: 800, height: 900 },
  { width: 390, height: 800 },
];
const KINDS = [..."😀😂😍🎉🔥🚀👀👍👎👏🙏💪🐱🐶🍎🍕🌍🌙⭐🎁"];

/** Presses one of what can be done to a message: without a script it comes with a page of its own. */
async function act(someone: Person, text: string, action: string): Promise<void> {
  await someone.act(text, "Actions");
  await someone.said(text).getByRole("button", { name: action, exact: true }).click();
}

test("a link shows its message among what was said around it, marked", async ({ named }) => {
  const alice = await named("alice", OFF);
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, ...Array.from({ length: 250 }, (_, n) => `message ${n + 1}`));
  await alice.page.goto(`${alice.room("general")}?at=50`);
  await expect(alice.said(/^message 50$/)).toHaveClass(/marked/);
  for (const n of [49, 51]) await expect(alice.log.getByText(`message ${n}`, { exact: true })).toBeVisible();
  for (const n of [1, 250]) await expect(alice.log.getByText(`message ${n}`, { exact: true })).toHaveCount(0);
  await alice.page.getByRole("link", { name: "Newest messages" }).click();
  await expect(alice.log.getByText("message 250")).toBeInViewport();
});

test("messages are edited, deleted, answered and reacted to by plain forms", async ({ named }) => {
  const alice = await named("alice", OFF);
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "helo", "to go");
  const { page } = alice;
  const actions = (text: string) => alice.act(text, "Actions");
  await page.goto(alice.room("general"));
  await actions("helo");
  await alice.said("helo").getByRole("button", { name: "Edit", exact: true }).click();
  await page.getByRole("textbox", { name: "Edit message" }).fill("hello");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(alice.said("hello")).toContainText("edited");

  await actions("hello");
  await alice.said("hello").getByRole("button", { name: "React" }).click();
  await alice.said("hello").getByRole("button", { name: "👍" }).click();
  await expect(alice.said("hello").getByRole("button", { name: "👍 1: alice", pressed: true })).toBeVisible();
  await alice.said("hello").getByRole("button", { name: "👍 1: alice" }).click();
  await expect(alice.said("hello").getByRole("button", { name: /👍/ })).toHaveCount(0);

  await actions("hello");
  await alice.said("hello").getByRole("button", { name: "Reply" }).click();
  await alice.box.fill("indeed");
  await page.getByRole("button", { name: "Send" }).click();
  await page.goto(alice.room("general"));
  await expect(alice.said("indeed").getByRole("link", { name: /hello/ })).toBeVisible();

  await actions("to go");
  await alice.said("to go").getByRole("button", { name: "Delete", exact: true }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete message" }).click();
  await expect(alice.said("This message was deleted.")).toBeVisible();
});

test("an edit that is refused goes on in its box, with the reason beside it", async ({ named }) => {
  const alice = await named("alice", OFF);
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, ...Array.from({ length: 30 }, (_, n) => `message ${n + 1}`));
  const { page } = alice;
  await page.goto(alice.room("general"));
  await act(alice, "message 7", "Edit");
  const box = page.getByRole("textbox", { name: "Edit message" });
  const row = alice.said("message 7");
  for (const [typed, why] of [["", /Type a message/], ["<b>&amp;</textarea>" + "x".repeat(4_000), /4,?000/]] as const) {
    await box.fill(typed);
    await page.getByRole("button", { name: "Save" }).click();
    await expect(alice.alert).toHaveText(why);
    await expect(row.getByRole("alert")).toBeInViewport({ ratio: 1 });
    await expect(box).toHaveValue(typed);
    await expect(box).toBeInViewport();
  }
  await box.fill("other words");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(alice.said("other words")).toContainText("edited");
  await expect(alice.alert).toHaveCount(0);
});

test("a reaction that is refused says why in the message's row", async ({ named }) => {
  const [alice, bob] = [await named("alice", OFF), await named("bob")];
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.hasSaid(room, ...Array.from({ length: 30 }, (_, n) => `message ${n + 1}`));
  const [first] = await alice.history(room);
  for (const kind of KINDS) await bob.hasReacted(room, first!.seq, kind);
  const { page } = alice;
  await page.goto(alice.room("general"));
  const row = alice.said(/^message 1$/);
  await row.hover();
  await row.getByRole("button", { name: "Actions" }).click();
  await row.getByRole("button", { name: "React", exact: true }).click();
  await row.getByRole("button", { name: "❤️", exact: true }).click();
  await expect(row.getByRole("alert")).toHaveText(/20/);
  await expect(row.getByRole("alert")).toBeInViewport({ ratio: 1 });

  const search = row.getByRole("searchbox", { name: "Search emoji" });
  await search.fill("heart");
  await search.press("Enter");
  await expect(row.getByRole("alert")).toHaveText(/emoji/);
  await expect(search).toHaveValue("heart");

  // One that was given on a page about another message is told of where it was given.
  await bob.hasReacted(room, first!.seq + 5, "🎉");
  await page.goto(`${alice.room("general")}?at=${first!.seq + 20}`);
  await alice.hasErased(room, first!.seq + 5);
  const erased = alice.log.getByRole("article").filter({ hasText: "deleted" });
  await alice.said("message 6").getByRole("button", { name: "🎉 1: bob" }).click();
  await expect(erased.getByRole("alert")).toBeInViewport({ ratio: 1 });
  await expect(alice.alert).toHaveCount(1);
});

test("a message that is deleted already says so where it stood", async ({ named }) => {
  const alice = await named("alice", OFF);
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "to go");
  const { page } = alice;
  await page.goto(alice.room("general"));
  await act(alice, "to go", "Delete");
  const [message] = await alice.history(room);
  await alice.hasErased(room, message!.seq);
  await page.getByRole("dialog").getByRole("button", { name: "Delete message" }).click();
  const row = alice.log.getByRole("article").filter({ hasText: "This message was deleted." });
  await expect(row.getByRole("alert")).toBeInViewport({ ratio: 1 });
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("after an answer the next message answers nothing", async ({ named }) => {
  const alice = await named("alice", OFF);
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `message ${n + 1}`));
  const { page } = alice;
  await page.goto(`${alice.room("general")}?at=12`);
  await act(alice, "message 11", "Reply");
  await expect(page.getByText("Reply to alice")).toBeVisible();
  await alice.box.fill("x".repeat(4_001));
  await page.getByRole("button", { name: "Send" }).click();
  await expect(alice.alert).toBeVisible();
  await expect(page.getByText("Reply to alice")).toBeVisible();
  await alice.box.fill("an answer");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(page).toHaveURL(alice.room("general"));
  await expect(alice.said("an answer").getByRole("link", { name: /message 11/ })).toBeVisible();
  await expect(alice.said("an answer")).toBeInViewport();
  await alice.box.fill("no answer");
  await page.getByRole("button", { name: "Send" }).click();
  await expect(alice.said("no answer")).toBeVisible();
  await expect(alice.said("no answer").getByRole("link")).toHaveCount(0);
});

for (const viewport of SIZES) {
  const size = `${viewport.width} × ${viewport.height}`;

  test(`the question before a deletion is above all else at ${size}`, async ({ named }) => {
    const alice = await named("alice", { ...OFF, viewport });
    const room = await alice.hasCreated("general");
    await alice.hasSaid(room, ...Array.from({ length: 40 }, (_, n) => `message ${n + 1}`), "to go");
    const { page } = alice;
    await page.goto(alice.room("general"));
    await act(alice, "to go", "Delete");
    const dialog = page.getByRole("dialog", { name: "Delete this message?" });
    await expect(dialog).toBeInViewport({ ratio: 1 });
    for (const name of ["Cancel", "Delete message"]) {
      const button = dialog.getByRole("button", { name });
      await expect(button).toBeInViewport({ ratio: 1 });
      await button.click({ trial: true });
    }
    await dialog.getByRole("button", { name: "Delete message" }).click();
    await expect(alice.log.getByText("This message was deleted.")).toBeVisible();
  });

  test(`a room is left by its members' side at ${size}`, async ({ named }) => {
    const [alice, bob] = [await named("alice", { ...OFF, viewport }), await named("bob")];
    await bob.hasCreated("general");
    await alice.hasJoined("general");
    const { page } = alice;
    const dialog = page.getByRole("dialog", { name: "Leave general?" });
    const ask = async () => {
      if (viewport.width < 1_024) await page.getByRole("button", { name: /Members$/ }).click();
      await page.getByRole("button", { name: "Leave room" }).click();
      await expect(dialog).toBeInViewport({ ratio: 1 });
    };
    await page.goto(alice.room("general"));
    await ask();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(dialog).toBeHidden();
    await expect(page.getByRole("button", { name: "Leave room" })).toBeVisible({ visible: viewport.width >= 1_024 });
    await ask();
    await dialog.getByRole("button", { name: "Leave room" }).click();
    await expect(page).toHaveURL(alice.dashboard());
    await expect(alice.row("general")).toBeHidden();
  });

  test(`a link's message is in view at ${size}, however slowly the page comes`, async ({ named }) => {
    const alice = await named("alice", { ...OFF, viewport });
    const room = await alice.hasCreated("general");
    await alice.hasSaid(room, ...Array.from({ length: 100 }, (_, n) => `message ${n + 1}`));
    const { page } = alice;
    const address = (n: number) => `${alice.room("general")}?at=${n}`;
    for (const n of [1, 20, 60, 100]) {
      await page.goto(address(n));
      await expect(alice.said(new RegExp(`^message ${n}$`))).toBeInViewport({ ratio: 1 });
    }
    const network = await alice.context.newCDPSession(page);
    await network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 50,
      downloadThroughput: 40_000,
      uploadThroughput: 40_000,
    });
    await page.goto(address(21));
    await expect(alice.said(/^message 21$/)).toBeInViewport({ ratio: 1 });
  });
}
