// Rooms: created, joined by key or by invitation, left and deleted.

import { expect, test } from "../support/test.ts";

test("a room is created with a name and a key, and another person joins with both", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.goto(alice.dashboard());
  await alice.create("general", "open sesame");
  await expect(alice.page).toHaveURL(alice.room("general"));
  await expect(alice.page.getByRole("heading", { level: 1 })).toHaveText("general");

  await bob.goto(bob.dashboard());
  await bob.join("General", "open sesame");
  await expect(bob.page).toHaveURL(bob.room("general"));
  await expect(bob.page.getByRole("heading", { level: 1 })).toHaveText("general");
  await expect(alice.members).toContainText("bob");

  // From now on the key is not asked for.
  await bob.goto(bob.dashboard());
  await bob.row("general").getByRole("link", { name: "general" }).click();
  await expect(bob.page.getByRole("heading", { level: 1 })).toHaveText("general");
});

test("a wrong key and a missing room read the same, and the name stays in its box", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.goto(bob.dashboard());
  const form = bob.form("Join a room");
  const read: string[] = [];
  for (const [room, key] of [["general", "wrong"], ["nowhere", "open sesame"]] as const) {
    await bob.join(room, key);
    await expect(form.getByRole("alert")).toBeVisible();
    await expect(form.getByRole("button", { name: "Join room" })).toBeEnabled();
    read.push(await form.getByRole("alert").innerText());
    await expect(form.getByRole("textbox", { name: "Room name" })).toHaveValue(room);
    await expect(form.getByRole("textbox", { name: "Room key" })).toBeFocused();
    await expect(form.getByRole("textbox", { name: "Room key" })).toHaveValue(key);
  }
  expect(read[0]).toBe(read[1]);
});

test("a name that a room has already is refused beside its field", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.goto(bob.dashboard());
  await bob.create("GENERAL", "k");
  const box = bob.form("Create a room").getByRole("textbox", { name: "Room name" });
  await expect(bob.form("Create a room").getByRole("alert")).toHaveText(/exists|taken/);
  await expect(box).toHaveValue("GENERAL");
  await expect(box).toHaveAccessibleDescription(/exists|taken/);
});

test("a suggested key is strong, shown, and another one each time", async ({ named }) => {
  const alice = await named("alice");
  await alice.goto(alice.dashboard());
  const form = alice.form("Create a room");
  const key = form.getByRole("textbox", { name: "Room key" });
  await form.getByRole("button", { name: "Suggest a key" }).click();
  const first = await key.inputValue();
  expect(first.replaceAll("-", "").length).toBeGreaterThanOrEqual(26);
  await expect(form.getByRole("button", { name: "Hide key" })).toBeVisible();
  await form.getByRole("button", { name: "Suggest a key" }).click();
  await expect(key).not.toHaveValue(first);
});

test("an invitation carries the key to another browser and never to the server", async ({ named, person }) => {
  const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };
  const [alice, bob] = [await named("alice", clipboard), await person("bob")];
  const key = "a#b=c& d%20+";
  await alice.goto(alice.dashboard());
  await alice.create("general", key);
  await alice.page.getByRole("button", { name: "Copy link", exact: true }).click();
  await expect(alice.page.getByRole("status").filter({ hasText: "Link copied" })).toBeVisible();
  const copied = () => alice.page.evaluate(() => navigator.clipboard.readText());
  expect(await copied()).toMatch(/\/rooms\/general$/);
  await alice.page.getByRole("button", { name: "Copy link with key" }).click();
  await expect.poll(copied).toMatch(/\/rooms\/general#key=./);
  const link = await copied();

  const sent: string[] = [];
  bob.page.on("request", (request) => sent.push(`${request.url()} ${JSON.stringify(request.headers())}`));
  await bob.goto(link);
  await expect(bob.page).toHaveURL("/rooms/general");
  await expect(bob.page.getByRole("heading", { level: 1 })).toHaveText("general");
  await bob.claim();
  const form = bob.form("Join the room");
  await expect(form.getByRole("radio", { name: "@bob" })).toBeChecked();
  await expect(form.getByRole("textbox", { name: "Room key" })).toHaveValue(key);
  expect(sent.join("\n")).not.toMatch(/key=|a#b|a%23b/);
  await form.getByRole("button", { name: "Join room" }).click();
  await expect(bob.page).toHaveURL(bob.room("general"));
  expect(sent.join("\n")).not.toMatch(/key=|a#b|a%23b/);
});

test("an invitation is the same whether or not the room exists", async ({ named, person }) => {
  await (await named("alice")).hasCreated("general");
  const bob = await person("bob");
  const read: string[] = [];
  for (const room of ["general", "nowhere"]) {
    await bob.goto(`/rooms/${room}`);
    read.push((await bob.page.getByRole("main").innerText()).replace(room, "ROOM"));
  }
  expect(read[0]).toBe(read[1]);
});

test("an invitation shows those who are inside already the way in", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.goto("/rooms/general");
  await alice.page.getByRole("link", { name: "Open as @alice" }).click();
  await expect(alice.page).toHaveURL(alice.room("general"));
});

test("an invitation's wrong key is refused beside its field", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.goto("/rooms/general#key=wrong");
  const form = bob.form("Join the room");
  await form.getByRole("button", { name: "Join room" }).click();
  await expect(form.getByRole("alert")).toHaveText(/No room opens with that name and key/);
  await expect(form.getByRole("textbox", { name: "Room key" })).toHaveAccessibleDescription(/No room opens/);
  await expect(bob.page).toHaveURL("/rooms/general");
});

test("a room is left from its page and from the dashboard, and is closed then", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await bob.hasJoined("general");
  await bob.hasJoined("garden");
  await bob.enter("general");
  await bob.leave();
  await expect(bob.page).toHaveURL(bob.dashboard());
  await expect(bob.row("general")).toBeHidden();
  await bob.leave("Leave garden");
  await expect(bob.row("garden")).toBeHidden();
  await expect(bob.page.getByText(/No rooms yet/)).toBeVisible();
  await expect(bob.page.getByRole("status").filter({ hasText: "You left garden." })).toBeVisible();

  const answer = await bob.page.goto(bob.room("general"));
  expect(answer?.status()).toBe(404);
  await expect(bob.page.getByText("There is no such room, or you are not a member of it.")).toBeVisible();
});

test("the last member is told beforehand that the room goes with them, and afterwards that they left it", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.enter("general");
  await bob.enter("general");
  await bob.page.getByRole("button", { name: "Leave room" }).click();
  const dialog = bob.page.getByRole("dialog", { name: "Leave general?" });
  await expect(dialog).toContainText(/need its key/);
  await expect(dialog).not.toContainText(/only member/);
  await alice.leave();
  await expect(alice.page.getByRole("status").filter({ hasText: "You left general." })).toBeVisible();
  await expect(dialog).toContainText(/only member: leaving deletes it/, { timeout: 15_000 });
  await dialog.getByRole("button", { name: "Leave room" }).click();
  await expect(bob.page).toHaveURL(bob.dashboard());
  const why = "You left general. Nobody else was in it, so it is gone.";
  await expect(bob.page.getByRole("status").filter({ hasText: why })).toBeVisible();
});

test("a deleted room is named in the dialog, and everyone in it is told and brought to their dashboard", async ({ named }) => {
  const [alice, bob, carol] = [await named("alice"), await named("bob"), await named("carol")];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  await carol.hasJoined("general");
  await bob.enter("general");
  await carol.goto(carol.dashboard());
  await expect(carol.row("general")).toBeVisible();
  await expect(carol.page.getByRole("button", { name: "Delete general" })).toBeHidden();

  await alice.goto(alice.dashboard());
  const opener = alice.page.getByRole("button", { name: "Delete general" });
  await opener.click();
  const dialog = alice.page.getByRole("dialog", { name: /general/ });
  await expect(dialog).toContainText(/for good/);
  await alice.page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  await expect(alice.row("general")).toBeVisible();
  await opener.click();
  await dialog.getByRole("button", { name: "Delete room" }).click();

  await expect(alice.row("general")).toBeHidden();
  await expect(bob.page).toHaveURL(bob.dashboard());
  await expect(bob.page.getByRole("status").filter({ hasText: "general was deleted" })).toBeVisible();
  await expect(bob.row("general")).toBeHidden();
  await expect(carol.row("general")).toBeHidden();
});
