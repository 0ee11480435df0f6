// What a page is like while it comes alive.

import type { Person } from "../support/person.ts";
import { alive } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

/** Has the WASM come late, as over a slow network. */
async function slowly(someone: Person): Promise<void> {
  await someone.page.route("**/*.wasm", async (route) => {
    await new Promise((resolve) => setTimeout(resolve, 600));
    await route.continue();
  });
}

test("nothing moves while a page comes alive", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `message ${n + 1}`));
  await slowly(bob);
  // The second visit knows the reader's time zone; the first may change times, but move nothing.
  for (const path of ["/", bob.dashboard(), bob.room("general"), bob.room("general"), "/rooms/general"]) {
    for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 740 }]) {
      await bob.page.setViewportSize(viewport);
      await bob.page.goto(path);
      await alive(bob.page);
      await bob.page.waitForTimeout(700);
      const shifts = await bob.page.evaluate(() => (window as { shifts?: object[] }).shifts!);
      expect(shifts, `${path} at ${viewport.width}`).toEqual([]);
    }
  }
});

test("a page can be read and its links and forms work before its WASM arrives", async ({ named }) => {
  const alice = await named("alice");
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `message ${n + 1}`));
  // It never does.
  await alice.page.route("**/*.wasm", () => {});
  const open = async (path: string) => alice.page.goto(path, { waitUntil: "commit" });
  await open("/");
  await alice.page.getByRole("list", { name: "Your names" }).getByRole("link", { name: "@alice" }).click();
  await expect(alice.page).toHaveURL("/@alice");
  await alice.row("general").getByRole("link", { name: "general" }).click();
  await expect(alice.log.getByText("message 60")).toBeInViewport();
  await alice.page.getByRole("link", { name: "Older messages" }).click();
  await expect(alice.log.getByText("message 1", { exact: true })).toBeVisible();
  await alice.page.getByRole("link", { name: "All rooms" }).click();
  await expect(alice.page).toHaveURL("/@alice");
  await open(alice.room("general"));
  await alice.box.fill("sent as a plain form");
  await alice.page.getByRole("button", { name: "Send" }).click();
  await expect(alice.log.getByText("sent as a plain form")).toBeVisible();
});

test("what is typed before a page comes alive stays", async ({ named, person }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await slowly(alice);
  await alice.page.goto(alice.room("general"), { waitUntil: "commit" });
  await alice.box.fill("typed early");
  await alive(alice.page);
  await expect(alice.box).toHaveValue("typed early");
  await alice.box.press("Enter");
  await expect(alice.log.getByText("typed early")).toBeVisible();

  const bob = await person("bob");
  await slowly(bob);
  await bob.page.goto("/", { waitUntil: "commit" });
  await bob.page.getByRole("textbox", { name: "Username" }).fill("bob");
  await alive(bob.page);
  await expect(bob.page.getByRole("textbox", { name: "Username" })).toHaveValue("bob");
});

test("going from page to page and back leaves nothing behind", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await bob.hasJoined("general");
  await alice.goto(alice.dashboard());
  const heading = alice.page.getByRole("heading", { level: 1 });
  await alice.row("general").getByRole("link", { name: "general" }).click();
  await expect(heading).toHaveText("general");
  await bob.hasSaid(room, "hello");
  await expect(alice.log.getByText("hello")).toBeVisible();
  await alice.page.getByRole("navigation", { name: "Rooms" }).getByRole("link", { name: "garden" }).click();
  await expect(heading).toHaveText("garden");
  await expect(alice.log.getByText("hello")).toHaveCount(0);
  await expect(alice.page).toHaveTitle(/garden/);
  await alice.page.goBack();
  await expect(heading).toHaveText("general");
  await bob.hasSaid(room, "hello again");
  await expect(alice.log.getByText("hello again")).toBeVisible();
  await alice.page.goBack();
  await expect(heading).toHaveText("Rooms");
  await expect(alice.row("general")).toContainText("hello again");
});
