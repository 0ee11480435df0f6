// Everything but live updates, with JavaScript off.

import type { Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

const OFF = { javaScriptEnabled: false };

/** Claims through the form; a page that never comes alive cannot be waited for. */
async function claims(someone: Person, typed = someone.name): Promise<void> {
  await someone.page.goto("/");
  await someone.claim(typed);
}

test("claim, create, join, talk, read back, leave, delete and give up without JavaScript", async ({ person, named }) => {
  const [alice, bob] = [await person("alice", OFF), await named("bob")];
  await claims(alice);
  await expect(alice.page).toHaveURL("/@alice");

  await alice.create("general", "open sesame");
  await expect(alice.page).toHaveURL(alice.room("general"));
  await expect(alice.page.getByRole("heading", { level: 1 })).toHaveText("general");
  await alice.box.fill("hello\nfrom a plain page");
  await alice.page.getByRole("button", { name: "Send" }).click();
  await expect(alice.page).toHaveURL(alice.room("general"));
  await expect(alice.log.getByText("from a plain page")).toBeVisible();
  await expect(alice.box).toHaveValue("");

  const garden = await bob.hasCreated("garden", "k");
  await bob.hasSaid(garden, ...Array.from({ length: 120 }, (_, n) => `message ${n + 1}`));
  await alice.page.goto(alice.dashboard());
  await alice.join("garden", "k");
  await expect(alice.page).toHaveURL(alice.room("garden"));
  const shown = () => alice.messages(/^message \d+$/);
  const stretch = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `message ${from + n}`);
  expect(await shown()).toEqual(stretch(71, 120));
  await expect(alice.log.getByText("message 120", { exact: true })).toBeInViewport();
  await alice.page.getByRole("link", { name: "Older messages" }).click();
  expect(await shown()).toEqual(stretch(21, 70));
  await alice.page.getByRole("link", { name: "Older messages" }).click();
  expect(await shown()).toEqual(stretch(1, 20));
  await expect(alice.page.getByRole("link", { name: "Older messages" })).toBeHidden();
  await alice.page.getByRole("link", { name: "Newest messages" }).click();
  expect(await shown()).toEqual(stretch(71, 120));

  // What was said since is there when the page is loaded again, and was read then.
  await bob.hasSaid(garden, "message 121");
  await alice.page.goto(alice.dashboard());
  await expect(alice.row("garden")).toContainText("1 new");
  await alice.row("garden").getByRole("link", { name: "garden" }).click();
  await expect(alice.log.getByText("message 121")).toBeVisible();
  await alice.page.goto(alice.dashboard());
  await expect(alice.row("garden")).not.toContainText("new");

  await alice.page.goto(alice.room("garden"));
  await alice.leave();
  await expect(alice.page).toHaveURL("/@alice");
  await expect(alice.row("garden")).toBeHidden();

  await alice.page.getByRole("button", { name: "Delete general" }).click();
  const dialog = alice.page.getByRole("dialog", { name: /general/ });
  await expect(dialog).toBeVisible();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await alice.page.goto(alice.dashboard());
  await alice.page.getByRole("button", { name: "Delete general" }).click();
  await dialog.getByRole("button", { name: "Delete room" }).click();
  await expect(alice.page).toHaveURL("/@alice");
  await expect(alice.row("general")).toBeHidden();

  await alice.logOut();
  await expect(alice.page.getByRole("dialog").getByRole("alert")).toContainText("the last way into that name");
  await alice.page.goto(alice.settings());
  await alice.giveUp();
  await expect(alice.page.getByRole("list", { name: "Your names" })).toBeHidden();
  await claims(await person("alice", OFF));
});

test("errors are on the page, beside their fields, and what was typed is kept", async ({ person, named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  const bob = await person("bob", OFF);
  await claims(bob, "ALICE");
  await expect(bob.form("Claim a username").getByRole("alert")).toHaveText(/taken/);
  const username = bob.page.getByRole("textbox", { name: "Username" });
  await expect(username).toHaveValue("ALICE");
  await expect(username).toHaveAccessibleDescription(/taken/);
  await bob.claim();
  await expect(bob.page).toHaveURL("/@bob");

  await bob.create("general", "k");
  await expect(bob.form("Create a room").getByRole("alert")).toHaveText(/exists|taken/);
  await expect(bob.form("Join a room").getByRole("alert")).toHaveCount(0);
  await expect(bob.form("Create a room").getByRole("textbox", { name: "Room name" })).toHaveValue("general");

  await bob.join("general", "wrong");
  await expect(bob.form("Join a room").getByRole("alert")).toHaveText(/No room opens/);
  await expect(bob.form("Create a room").getByRole("alert")).toHaveCount(0);
  await expect(bob.form("Join a room").getByRole("textbox", { name: "Room name" })).toHaveValue("general");
  await expect(bob.form("Join a room").getByRole("textbox", { name: "Room key" })).toHaveValue("");

  await bob.join("general", "open sesame");
  await expect(bob.page).toHaveURL(bob.room("general"));
  const long = "<b>&amp;</textarea>" + "x".repeat(4_000);
  await bob.box.fill(long);
  await bob.page.getByRole("button", { name: "Send" }).click();
  await expect(bob.alert).toHaveText(/4000|4,000/);
  await expect(bob.box).toHaveValue(long);
  await bob.box.fill("");
  await bob.page.getByRole("button", { name: "Send" }).click();
  await expect(bob.alert).toHaveText(/Type a message/);
});

test("on a phone a refused form comes back with its error in sight", async ({ named }) => {
  const alice = await named("alice", { ...OFF, viewport: { width: 360, height: 740 } });
  for (const name of ["general", "garden", "kitchen", "library", "workshop"]) await alice.hasCreated(name);
  await alice.page.goto(alice.dashboard());
  await expect(alice.form("Create a room")).not.toBeInViewport();
  await alice.create("general", "k");
  await expect(alice.alert).toBeInViewport({ ratio: 1 });
  await expect(alice.form("Create a room").getByRole("textbox", { name: "Room name" })).toBeFocused();
  await alice.join("general", "wrong");
  await expect(alice.alert).toBeInViewport({ ratio: 1 });
  await expect(alice.form("Join a room").getByRole("textbox", { name: "Room key" })).toBeFocused();
});

test("an invitation works without JavaScript, through claiming a name", async ({ person, named }) => {
  await (await named("alice")).hasCreated("general");
  const bob = await person("bob", OFF);
  await bob.page.goto("/rooms/general");
  await bob.claim();
  await expect(bob.page).toHaveURL("/rooms/general");
  const form = bob.form("Join the room");
  await form.getByRole("textbox", { name: "Room key" }).fill("wrong");
  await form.getByRole("button", { name: "Join room" }).click();
  await expect(form.getByRole("alert")).toHaveText(/No room opens/);
  await form.getByRole("textbox", { name: "Room key" }).fill("open sesame");
  await form.getByRole("button", { name: "Join room" }).click();
  await expect(bob.page).toHaveURL(bob.room("general"));
});

test("nothing that needs JavaScript is offered without it", async ({ person }) => {
  const alice = await person("alice", OFF);
  await claims(alice);
  for (const name of ["Suggest a key", "Show key"]) {
    await expect(alice.page.getByRole("button", { name }).first()).toBeHidden();
  }
  await alice.create("general", "k");
  await expect(alice.page.getByRole("button", { name: "Copy link" })).toBeHidden();
});

test("a room's settings without JavaScript", async ({ named }) => {
  const [alice, bob] = [await named("alice", OFF), await named("bob", OFF)];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.page.goto(alice.room("general"));
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  const { page } = alice;
  await page.getByRole("textbox", { name: "Room name" }).fill("x".repeat(65));
  await page.getByRole("textbox", { name: "Topic" }).fill("Bulbs");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(alice.alert).toBeVisible();
  await expect(page.getByRole("textbox", { name: "Topic" })).toHaveValue("Bulbs");
  await page.getByRole("textbox", { name: "Room name" }).fill("Garden");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page).toHaveURL(`${alice.room("Garden")}/settings`);
  await expect(alice.heading).toHaveText("Garden settings");

  // What is shown once is gone when the page is loaded again.
  await page.getByRole("button", { name: "New invite" }).click();
  await expect(page.locator("#invite-link")).toContainText("/rooms/Garden#key=inv_");
  expect(page.url()).not.toContain("inv_");
  await page.reload();
  await expect(page.locator("#invite-link")).toBeHidden();
  await page.getByRole("button", { name: "End invite" }).click();
  await expect(page.getByText("There is no invite.")).toBeVisible();

  await page.getByRole("textbox", { name: "New key" }).fill("swordfish");
  await page.getByRole("button", { name: "Change key" }).click();
  await page.getByRole("button", { name: "Let only moderators write" }).click();
  await page.getByRole("button", { name: "Change how long" }).click();
  const asks = page.getByRole("dialog", { name: "How long are messages kept?" });
  await asks.getByRole("spinbutton", { name: "Days" }).fill("30");
  await asks.getByRole("button", { name: "Keep them so long" }).click();
  await expect(page.getByText("For 30 days.")).toBeVisible();
  await page.getByRole("button", { name: "Make bob moderator" }).click();
  await page.getByRole("button", { name: "Make bob member" }).click();
  await bob.page.goto(bob.room("Garden"));
  await expect(bob.box).toBeHidden();
  for (const line of [
    "alice renamed the room to Garden",
    "alice changed the topic to Bulbs",
    "alice changed the key",
    "alice lets only moderators write",
    "alice has messages kept for 30 days",
    "alice made bob a moderator",
    "alice made bob a member",
  ]) {
    await expect(bob.log).toContainText(line);
  }
  await page.getByRole("button", { name: "Hand over to bob" }).click();
  await expect(page.getByRole("button", { name: "Change key" })).toBeHidden();
  await bob.page.goto(`${bob.room("Garden")}/settings`);
  await bob.page.getByRole("button", { name: "Remove alice" }).click();
  await expect(bob.page.getByRole("button", { name: "Remove alice" })).toBeHidden();
  await page.reload();
  await expect(alice.heading).toHaveText("This door is locked");
});

test("whoever has left meanwhile is told of at the list of members", async ({ named }) => {
  const [alice, bob, runa] = [await named("alice", OFF), await named("bob"), await named("runa")];
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await runa.hasJoined("general");
  const { page } = alice;
  const section = page.getByRole("region", { name: "Members" });
  await page.goto(`${alice.room("general")}/settings`);
  await runa.hasLeft(room);
  await page.getByRole("button", { name: "Make runa moderator" }).click();
  await expect(section.getByRole("alert")).toBeVisible();
  await expect(alice.alert).toHaveCount(1);
  await bob.hasLeft(room);
  await page.getByRole("button", { name: "Remove bob" }).click();
  await expect(section.getByRole("alert")).toBeVisible();
  await expect(alice.alert).toHaveCount(1);
});
