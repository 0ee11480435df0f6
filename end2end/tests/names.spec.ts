// Claiming a username, keeping it, and giving it up.

import { LOST, expect, test } from "../support/test.ts";

// Some close sockets on purpose.
test.use({ tolerated: [LOST] });

test("a claimed username leads to its dashboard", async ({ person }) => {
  const alice = await person("alice");
  await alice.goto("/");
  await alice.claim();
  await expect(alice.page).toHaveURL("/@alice");
  await expect(alice.page.getByRole("heading", { level: 1 })).toHaveText("Rooms");
  await expect(alice.page).toHaveTitle(/@alice/);
});

test("a name that could be mistaken for another's is taken, and what was typed stays", async ({ named, person }) => {
  await named("alice");
  await named("zo\u00eb");
  const bob = await person("bob");
  await bob.goto("/");
  const box = bob.page.getByRole("textbox", { name: "Username" });
  for (const typed of ["alice", "ALICE", "\uff21lice", "zoe\u0308"]) {
    await bob.claim(typed);
    await expect(bob.form("Claim a username").getByRole("alert")).toHaveText(/taken/);
    await expect(box).toHaveValue(typed);
    await expect(box).toBeFocused();
    await expect(box).toHaveAccessibleDescription(/taken/);
    await bob.goto("/");
  }
});

test("a name that cannot be one is refused beside its field, and what was typed stays", async ({ person }) => {
  const bob = await person("bob");
  await bob.goto("/");
  for (const typed of ["two words", "x".repeat(33), ""]) {
    await bob.claim(typed);
    await expect(bob.form("Claim a username").getByRole("alert")).toBeVisible();
    await expect(bob.page.getByRole("textbox", { name: "Username" })).toHaveValue(typed);
    await expect(bob.page).toHaveURL("/");
  }
});

test("of two people who race for a name one gets it and the other reads why not", async ({ person }) => {
  const [one, two] = [await person("Zoe"), await person("zoe")];
  for (const racer of [one, two]) {
    await racer.goto("/");
    await racer.page.getByRole("textbox", { name: "Username" }).fill(racer.name);
  }
  await Promise.all([one, two].map(({ page }) => page.getByRole("button", { name: "Submit" }).click()));
  const ends = await Promise.all(
    [one, two].map(async ({ page, alert }) => {
      const won = page.getByRole("heading", { name: "Rooms", level: 1 });
      await expect(won.or(alert)).toBeVisible();
      return (await won.isVisible()) ? "won" : await alert.innerText();
    }),
  );
  expect(ends.filter((end) => end === "won")).toHaveLength(1);
  expect(ends.filter((end) => /taken/.test(end))).toHaveLength(1);
});

test("a name stays claimed when the browser and the server are started again", async ({ named, server, browser }) => {
  const alice = await named("alice");
  const kept = await alice.context.storageState();
  await server.stop();
  await server.again();
  const again = await browser.newContext({ baseURL: server.url, storageState: kept });
  const page = await again.newPage();
  await page.goto("/");
  const names = page.getByRole("list", { name: "Your names" });
  await names.getByRole("link", { name: "@alice" }).click();
  await expect(page.getByRole("heading", { name: "Rooms", level: 1 })).toBeVisible();
  await again.close();
});

test("giving a name up asks first, says what becomes of rooms, and frees the name", async ({ named, person }) => {
  const alice = await named("alice");
  await alice.goto(alice.settings());
  const opener = alice.page.getByRole("button", { name: "Give up alice" });
  await opener.click();
  const dialog = alice.page.getByRole("dialog", { name: "Give up @alice?" });
  await expect(dialog).toContainText(/longest/);
  await expect(dialog).toContainText(/no other member is deleted/);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();
  await alice.giveUp();
  await expect(alice.page.getByRole("list", { name: "Your names" })).toBeHidden();

  const next = await person("alice");
  await next.goto("/");
  await next.claim();
  await expect(next.page).toHaveURL("/@alice");
});

test("logging out asks first and keeps the name, and the last way in stays open", async ({ named, person }) => {
  const alice = await named("alice");
  await alice.goto(alice.dashboard());
  const opener = alice.page.getByRole("button", { name: "Log out" });
  await opener.click();
  const dialog = alice.page.getByRole("dialog", { name: /Log out @alice/ });
  await expect(dialog).toContainText(/stays yours/);
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await expect(opener).toBeFocused();
  await opener.click();
  await dialog.getByRole("button", { name: "Log out" }).click();
  await expect(dialog.getByRole("alert")).toContainText("the last way into that name");
  await dialog.getByRole("link", { name: /See how you can sign in/ }).click();
  await expect(alice.page).toHaveURL(alice.settings());
  await alice.page.getByRole("textbox", { name: "Passphrase" }).fill("correct horse battery staple");
  await alice.page.getByRole("button", { name: "Set passphrase" }).click();
  await expect(alice.page.getByText("This name has a passphrase.")).toBeVisible();
  await alice.page.getByRole("main").getByRole("link", { name: "Rooms" }).click();
  await alice.logOut();
  await expect(alice.page).toHaveURL("/");
  await expect(alice.page.getByRole("list", { name: "Your names" })).toBeHidden();

  const next = await person("alice");
  await next.goto("/");
  await next.claim();
  await expect(next.form("Claim a username").getByRole("alert")).toHaveText(/taken/);
});

test("what was never sent goes with the name that wrote it", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  const ben = await bob.newTab("ben");
  await ben.hasClaimed();
  await ben.hasJoined("general");
  await bob.page.routeWebSocket(/\/live/, (socket) => void socket.close());
  await ben.page.routeWebSocket(/\/live/, (socket) => void socket.close());
  for (const who of [bob, ben]) {
    await who.goto(who.room("general"));
    await who.say(`${who.name} waits`);
    await expect(who.log.getByText("Waiting")).toBeVisible();
  }
  await bob.hasPassphrase();
  await bob.goto(bob.dashboard());
  await bob.logOut();
  await expect(bob.page).toHaveURL("/");
  const kept = await bob.page.evaluate(() => Object.values(localStorage).join("\n"));
  expect(kept).not.toContain("bob waits");
  expect(kept).toContain("ben waits");
});

test("a room passes to the member who has been in it longest when its owner gives the name up", async ({ named }) => {
  const [alice, bob, carol] = [await named("alice"), await named("bob"), await named("carol")];
  await alice.hasCreated("general");
  await bob.hasJoined("general");
  await carol.hasJoined("general");
  await alice.goto(alice.settings());
  await alice.giveUp();
  await bob.goto(bob.dashboard());
  await expect(bob.page.getByRole("button", { name: "Delete general" })).toBeVisible();
  await carol.goto(carol.dashboard());
  await expect(carol.row("general")).toBeVisible();
  await expect(carol.page.getByRole("button", { name: "Delete general" })).toBeHidden();
});

test("a page of a name that another browser holds says so and leads to the start", async ({ named, person }) => {
  await named("alice");
  const bob = await person("bob");
  const answer = await bob.page.goto("/@alice");
  expect(answer?.status()).toBe(401);
  await expect(bob.page.getByRole("main")).toContainText("@alice");
  await bob.page.getByRole("link", { name: "Claim or choose a name" }).click();
  await expect(bob.page).toHaveURL("/");
});
