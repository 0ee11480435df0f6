// Pages of settings: the server's HTML, shown in the page that stays.

import type { Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

/** Counts documents and sockets of a page from here on. */
function count(person: Person): { documents: number; sockets: number } {
  const counted = { documents: 0, sockets: 0 };
  person.page.on("request", (request) => {
    if (request.isNavigationRequest()) counted.documents++;
  });
  person.page.on("websocket", () => counted.sockets++);
  return counted;
}

test("settings are panes of the page that stays, and the way back leads back", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  const counted = count(alice);
  await alice.enter("general");
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  await expect(alice.page).toHaveURL(`${alice.room("general")}/settings`);
  await expect(alice.heading).toHaveText("general settings");
  await expect(alice.heading).toBeFocused();
  await expect(alice.page).toHaveTitle("general settings · Latchkey");
  await alice.page.goBack();
  await expect(alice.heading).toHaveText("general");
  await alice.page.goForward();
  await expect(alice.heading).toHaveText("general settings");
  await alice.page.getByRole("main").getByRole("link", { name: "general" }).click();
  await expect(alice.heading).toHaveText("general");
  await alice.page.getByRole("link", { name: "All rooms" }).click();
  await alice.page.getByRole("main").getByRole("link", { name: "Settings" }).click();
  await expect(alice.heading).toHaveText("Settings");
  await expect(alice.page).toHaveURL(`${alice.dashboard()}/settings`);
  expect(counted).toEqual({ documents: 1, sockets: 1 });
  await alice.reload();
  await expect(alice.heading).toHaveText("Settings");
});

test("settings that are not mine to see lead to a page that says so", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.goto(`${bob.room("general")}/settings`);
  await expect(bob.heading).toHaveText("This door is locked");
});

test("a room's name, topic and rules change before everyone's eyes, with a quiet line each", async ({ pair }) => {
  const { alice, bob } = pair;
  const counted = count(bob);
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  await alice.page.getByRole("textbox", { name: "Room name" }).fill("The Garden");
  await alice.page.getByRole("textbox", { name: "Topic" }).fill("Bulbs and beds");
  await alice.page.getByRole("button", { name: "Save" }).click();
  await expect(alice.heading).toHaveText("The Garden settings");
  await expect(alice.page).toHaveURL(`${alice.room("The Garden")}/settings`);
  await expect(alice.page.getByRole("status").filter({ hasText: "Saved." })).toBeVisible();
  await expect(bob.heading).toHaveText("The Garden");
  await expect(bob.page).toHaveURL(bob.room("The Garden"));
  await expect(bob.page).toHaveTitle("The Garden · Latchkey");
  await expect(bob.beside.getByRole("link", { name: "The Garden" })).toBeVisible();
  await expect(bob.page.getByText("Bulbs and beds", { exact: true })).toBeVisible();
  await expect(bob.log).toContainText("alice renamed the room to The Garden");
  await expect(bob.log).toContainText("alice changed the topic to Bulbs and beds");
  await expect(bob.box).toHaveAttribute("placeholder", "Write to The Garden");

  await alice.page.getByRole("button", { name: "Let only moderators write" }).click();
  await expect(bob.box).toBeHidden();
  await expect(bob.page.getByText("Only its owner and moderators write in this room.")).toBeVisible();
  await expect(alice.page.getByRole("button", { name: "Let everyone write" })).toBeFocused();
  await alice.page.getByRole("button", { name: "Make bob moderator" }).click();
  await expect(bob.box).toBeVisible();
  await expect(bob.members.getByRole("listitem").filter({ hasText: "bob" })).toContainText("moderator");
  await expect(bob.log).toContainText("alice made bob a moderator");
  await bob.say("Good morning");
  await expect(bob.said("Good morning")).toBeVisible();

  await alice.page.getByRole("button", { name: "Hand over to bob" }).click();
  await expect(alice.page.getByRole("button", { name: "Change key" })).toBeHidden();
  await expect(bob.members.getByRole("listitem").filter({ hasText: "bob" })).toContainText("owner");
  await expect(bob.members.getByRole("listitem").filter({ hasText: "alice" })).toContainText("moderator");
  await expect(bob.log).toContainText("alice handed the room over to bob");
  await bob.page.getByRole("link", { name: "Room settings" }).click();
  await expect(bob.page.getByRole("button", { name: "Change key" })).toBeVisible();
  expect(counted).toEqual({ documents: 0, sockets: 0 });
  // An old address leads on.
  await bob.goto(bob.room("general"));
  await expect(bob.page).toHaveURL(bob.room("The Garden"));
});

test("a member who is removed is told by whom, and the others see it", async ({ pair, named }) => {
  const { alice, bob, room } = pair;
  const runa = await named("runa");
  await runa.hasJoined("general");
  await runa.enter("general");
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  await alice.page.getByRole("button", { name: "Remove bob" }).click();
  await expect(bob.heading).toHaveText("Rooms");
  await expect(bob.page.getByRole("status").filter({ hasText: "alice removed you from general." })).toBeVisible();
  await expect(bob.row("general")).toBeHidden();
  await expect(runa.log).toContainText("alice removed bob");
  await expect(runa.members.getByRole("listitem").filter({ hasText: "bob" })).toBeHidden();
  await expect(alice.page.getByRole("button", { name: "Remove bob" })).toBeHidden();
  await expect(alice.page.getByRole("heading", { name: "Members" })).toBeFocused();
  await runa.reload();
  await expect(runa.log).toContainText("alice removed bob");
  // A room's settings are closed with it.
  await runa.page.getByRole("link", { name: "Room settings" }).click();
  await expect(runa.heading).toHaveText("general settings");
  await alice.page.getByRole("button", { name: "Remove runa" }).click();
  await expect(runa.heading).toHaveText("Rooms");
  expect(await alice.history(room)).toEqual([]);
});

test("the key changes, and all others go with the old one where that is wished", async ({ pair }) => {
  const { alice, bob } = pair;
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  const box = alice.page.getByRole("textbox", { name: "New key" });
  await alice.page.getByRole("button", { name: "Suggest a key" }).click();
  await expect(box).toHaveValue(/^(\w{4}-){6}\w{4}$/);
  await box.fill("");
  await alice.page.getByRole("button", { name: "Change key" }).click();
  await expect(alice.alert).toBeVisible();
  await expect(box).toBeFocused();
  await box.fill("swordfish");
  await alice.page.getByRole("button", { name: "Change key" }).click();
  await expect(bob.log).toContainText("alice changed the key");
  await expect(box).toHaveValue("");
  await alice.page.goBack();
  await expect(alice.page.getByRole("button", { name: "Copy link with key" })).toBeVisible();
  await alice.page.goForward();
  await box.fill("swordfish 2");
  await alice.page.getByRole("checkbox", { name: "Show everyone else out" }).check();
  await alice.page.getByRole("button", { name: "Change key" }).click();
  await expect(bob.heading).toHaveText("Rooms");
  await bob.join("general", "swordfish");
  await expect(bob.alert).toContainText("may have been changed");
  await bob.join("general", "swordfish 2");
  await expect(bob.heading).toHaveText("general");
});

test("what is being typed, and the keyboard's place, outlive what changes meanwhile", async ({ pair }) => {
  const { alice, bob } = pair;
  await alice.page.getByRole("link", { name: "Room settings" }).click();
  const [topic, key] = ["Topic", "New key"].map((name) => alice.page.getByRole("textbox", { name }));
  await key!.fill("half a ke");
  await topic!.fill("Half a topic");
  const runa = await bob.newTab("runa");
  await runa.hasClaimed();
  await runa.hasJoined("general");
  await expect(alice.page.getByRole("button", { name: "Remove runa" })).toBeVisible();
  await expect(topic!).toHaveValue("Half a topic");
  await expect(topic!).toBeFocused();
  await alice.page.getByRole("button", { name: "Save" }).click();
  await expect(bob.log).toContainText("alice changed the topic to Half a topic");
  await expect(key!).toHaveValue("half a ke");
  await alice.page.getByRole("main").getByRole("button", { name: "Leave room" }).click();
  const asks = alice.page.getByRole("dialog", { name: "Leave general?" });
  await runa.goto(runa.dashboard());
  await runa.leave("Leave general");
  await expect(alice.page.getByRole("button", { name: "Remove runa", includeHidden: true })).toBeHidden();
  await expect(asks).toBeVisible();
  await alice.page.keyboard.press("Escape");
  await expect(alice.page.getByRole("main").getByRole("button", { name: "Leave room" })).toBeFocused();
});

test("a member sees what is so, and no form for what they may not do", async ({ pair }) => {
  const { bob } = pair;
  await bob.page.getByRole("link", { name: "Room settings" }).click();
  await expect(bob.page.getByRole("heading", { name: "Members" })).toBeVisible();
  await expect(bob.page.getByRole("main").getByRole("textbox")).toHaveCount(0);
  await expect(bob.page.getByRole("main").getByRole("button")).toHaveText(["Leave room"]);
  await bob.leave();
  await expect(bob.heading).toHaveText("Rooms");
  await expect(bob.page.getByRole("status").filter({ hasText: "You left general." })).toBeVisible();
});
