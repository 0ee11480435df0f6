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
