// The keeper's pages: a link with a code in its fragment, and plain forms.

import { join } from "node:path";
import type { BrowserContextOptions } from "@playwright/test";
import { expect, test } from "../support/test.ts";

const SHOTS = process.env.SHOTS;

test("the link from the terminal opens the keeper's page, and its code is left nowhere", async ({ named, person, server }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.goto(alice.dashboard());
  const { page } = await person("keeper");
  await page.goto(server.keeper);
  await expect(page.getByRole("heading", { level: 1, name: "Keeper" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Now" })).toBeVisible();
  await expect(page).toHaveURL(`${server.url}/keeper`);
  expect(await page.evaluate(() => document.cookie)).not.toContain("keeper");
  await page.goBack();
  expect(page.url()).not.toContain("keep_");

  await page.goto("/keeper/rooms");
  const room = page.getByRole("listitem").filter({ hasText: "general" });
  await expect(room).toContainText("1 member");
  await room.getByText("Delete general").click();
  await room.getByRole("button", { name: "Delete room" }).click();
  await expect(page.getByText("There is none.")).toBeVisible();
  await expect(alice.page.getByRole("main").getByRole("link", { name: "general" })).toHaveCount(0);

  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByRole("textbox", { name: "What to say" }).fill("Back in five minutes.");
  await page.getByRole("button", { name: "Announce" }).click();
  await alice.reload();
  await expect(alice.page.getByText("Back in five minutes.")).toBeVisible();
});

for (const width of [360, 1280]) {
  for (const colorScheme of ["light", "dark"] as const) {
    test(`the keeper's pages fit ${width} pixels, ${colorScheme}, with a code that is pasted and no script`, async ({
      named,
      person,
      server,
    }) => {
      const alice = await named("Ines");
      for (const room of ["general", "A room with quite a long name, as people give them"]) await alice.hasCreated(room);
      const viewport = { width, height: 800 };
      const options: BrowserContextOptions = { viewport, colorScheme, javaScriptEnabled: false };
      const { page } = await person("keeper", options);
      const look = async (name: string) => {
        const overflow = await page.locator("html").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
        expect(overflow, `${name} is no wider than its window`).toBeLessThanOrEqual(0);
        if (SHOTS) await page.screenshot({ path: join(SHOTS, `keeper-${name}-${width}-${colorScheme}.png`), fullPage: true });
      };
      await page.goto("/keeper");
      await look("door");
      await page.getByRole("textbox", { name: "Code" }).fill("keep_guess");
      await page.getByRole("button", { name: "Come in" }).click();
      await expect(page.getByRole("alert")).toContainText("not the code");
      await page.getByRole("textbox", { name: "Code" }).fill(new URL(server.keeper).hash.slice(1));
      await page.getByRole("button", { name: "Come in" }).click();
      await expect(page.getByRole("heading", { name: "Now" })).toBeVisible();
      await look("overview");
      await page.getByRole("link", { name: "Rooms" }).click();
      await expect(page.getByRole("list", { name: "Rooms" }).getByRole("listitem")).toHaveCount(2);
      await look("rooms");
      await page.getByRole("link", { name: "Names" }).click();
      await page.getByRole("link", { name: "Ines" }).click();
      await expect(page.getByRole("button", { name: "End" })).toBeVisible();
      await look("name");
      await page.getByRole("button", { name: "End" }).click();
      await expect(page.getByText("No browser is signed in.")).toBeVisible();
    });
  }
}

for (const width of [360, 1280]) {
  test(`what is announced reaches open pages of ${width} pixels without a reload, and goes again`, async ({
    named,
    person,
    server,
  }) => {
    const alice = await named("alice", { viewport: { width, height: 800 } });
    await alice.hasCreated("general");
    const { page } = alice;
    await alice.goto(alice.dashboard());
    await page.getByRole("main").getByRole("link", { name: "general" }).click();
    const composer = page.getByRole("textbox", { name: "Message" });
    await composer.fill("a draft");
    const keeper = await person("keeper");
    await keeper.page.goto(server.keeper);
    await expect(keeper.page.getByRole("heading", { name: "Now" })).toBeVisible();
    const announce = async (text: string) => {
      await keeper.page.getByRole("textbox", { name: "What to say" }).fill(text);
      await keeper.page.getByRole("button", { name: "Announce" }).click();
    };
    const documents = async () => (await page.evaluate(() => performance.getEntriesByType("navigation"))).length;
    const before = await documents();

    await announce("Back in five minutes: we move to another machine, and your rooms move along.");
    const bar = page.getByRole("status").filter({ hasText: "Back in five minutes" });
    await expect(bar).toBeVisible();
    // Nothing else is covered or pushed out of the window.
    const [told, written] = [await bar.boundingBox(), await composer.boundingBox()];
    expect(told!.y).toBe(0);
    expect(told!.height).toBeLessThan(110);
    expect(written!.y + written!.height).toBeLessThanOrEqual(800);
    for (const shown of [page.getByRole("heading", { level: 1 }), composer, page.getByRole("button", { name: "Send" })]) {
      await expect(shown).toBeInViewport({ ratio: 1 });
      expect((await shown.boundingBox())!.y).toBeGreaterThanOrEqual(told!.y + told!.height);
    }
    const overflow = await page.locator("html").evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth);
    expect(overflow).toBeLessThanOrEqual(0);
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `announced-${width}.png`) });
    await expect(composer).toHaveValue("a draft");

    // It stays while one goes about, and over a break.
    await page.goBack();
    await expect(page.getByRole("heading", { level: 1, name: "Rooms" })).toBeVisible();
    await expect(bar).toBeVisible();
    if (SHOTS) await page.screenshot({ path: join(SHOTS, `announced-dashboard-${width}.png`) });
    await keeper.page.getByRole("button", { name: "Take it back" }).click();
    await expect(bar).toHaveCount(0);
    expect(await documents()).toBe(before);

    // What a server has announced that is gone is nothing any more.
    await announce("This one is about to end.");
    await expect(page.getByText("This one is about to end.")).toBeVisible();
    await server.kill();
    await server.again();
    await expect(page.getByText("This one is about to end.")).toHaveCount(0, { timeout: 15_000 });
  });
}
