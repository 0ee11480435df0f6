// Pictures: two for the README, and every page and state for whoever wants to look at them all.
// `npm run screenshots`; SHOTS names the folder for the whole set.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Person } from "../support/person.ts";
import { LOST, expect, test } from "../support/test.ts";

test.use({ tolerated: [LOST] });

const README = resolve(import.meta.dirname, "../screenshots");
const ALL = process.env.SHOTS;
const SCHEMES = ["light", "dark"] as const;
const SIZES = [
  { width: 360, height: 740 },
  { width: 768, height: 1024 },
  { width: 1280, height: 800 },
];

const TALK: [who: 0 | 1 | 2, said: string][] = [
  [0, "The kiln is free on Saturday after all. Who is in?"],
  [1, "Me! I still have the two big bowls from last week."],
  [1, "And the teapot, if it dries in time."],
  [2, "I can bring the celadon glaze. There is enough for everybody."],
  [0, "Lovely. Then let us say ten o'clock at the workshop."],
  [0, "The firing schedule is here: https://example.org/kiln/cone-6"],
  [2, "Ten is fine.\nI'll be there a little earlier to open up and start the fan."],
  [1, "Perfect, see you both on Saturday."],
];

test("the README's pictures", async ({ named }) => {
  const viewport = { width: 1280, height: 800 };
  const people = [await named("Ines", { viewport }), await named("Matteo"), await named("Runa")];
  const [ines, matteo, runa] = people as [Person, Person, Person];
  const room = await ines.hasCreated("Pottery");
  for (const name of ["Choir", "Saturday market"]) {
    const other = await matteo.hasCreated(name);
    await ines.hasJoined(name);
    await matteo.hasSaid(other, "Is anybody there?");
  }
  for (const person of [matteo, runa]) await person.hasJoined("Pottery");
  for (const person of people) await person.enter("Pottery");
  for (const [who, said] of TALK) await people[who]!.hasSaid(room, said);
  await expect(ines.log.getByText("see you both on Saturday")).toBeVisible();
  await runa.box.pressSequentially("S");
  await expect(ines.page.getByText("Runa is typing")).toBeVisible();
  mkdirSync(README, { recursive: true });
  for (const colorScheme of SCHEMES) {
    await ines.page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await ines.page.screenshot({ path: join(README, `room-${colorScheme}.png`) });
  }
});

test("every page and state", async ({ named, person }) => {
  test.skip(!ALL, "SHOTS names no folder");
  test.setTimeout(180_000);
  const shoot = async ({ page }: Person, name: string) => {
    for (const viewport of SIZES) {
      await page.setViewportSize(viewport);
      for (const colorScheme of SCHEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.waitForTimeout(120);
        await page.screenshot({ path: join(ALL!, `${name}-${viewport.width}-${colorScheme}.png`) });
      }
    }
  };

  const stranger = await person("stranger");
  await stranger.goto("/");
  await shoot(stranger, "landing");
  const people = [await named("Ines"), await named("Matteo"), await named("Runa")];
  const [ines, matteo, runa] = people as [Person, Person, Person];
  await stranger.claim("INES");
  await expect(stranger.alert).toBeVisible();
  await shoot(stranger, "landing-error");
  await stranger.goto("/rooms/Pottery");
  await shoot(stranger, "invite-stranger");
  await ines.goto("/");
  await shoot(ines, "landing-names");
  await ines.goto(ines.dashboard());
  await shoot(ines, "dashboard-empty");
  await ines.create("", "");
  await expect(ines.alert.first()).toBeVisible();
  await shoot(ines, "dashboard-error");

  const room = await ines.hasCreated("Pottery");
  await ines.enter("Pottery");
  await shoot(ines, "room-empty");
  const choir = await matteo.hasCreated("Choir");
  await ines.hasJoined("Choir");
  for (const guest of [matteo, runa]) {
    await guest.goto("/rooms/Pottery#key=open%20sesame");
    if (guest === matteo) await shoot(guest, "invite-guest");
    await guest.hasJoined("Pottery");
  }
  await matteo.enter("Pottery");
  for (const [who, said] of TALK) await people[who]!.hasSaid(room, said);
  await matteo.hasSaid(choir, "Is anybody there?");
  await ines.goto(ines.dashboard());
  await shoot(ines, "dashboard");
  await ines.page.getByRole("button", { name: "Delete Pottery" }).click();
  await shoot(ines, "dashboard-dialog");
  await ines.enter("Pottery");
  await shoot(ines, "room");
  await ines.goto("/rooms/Pottery");
  await shoot(ines, "invite-inside");
  await ines.page.setViewportSize(SIZES[0]!);
  await ines.goto(ines.room("Pottery"));
  await ines.page.getByRole("button", { name: /Members/ }).click();
  await ines.page.screenshot({ path: join(ALL!, "room-members-360-light.png") });
  await ines.page.keyboard.press("Escape");
  await ines.page.getByRole("button", { name: "Rooms" }).click();
  await ines.page.screenshot({ path: join(ALL!, "room-rooms-360-light.png") });

  await runa.hasSaid(room, ...Array.from({ length: 60 }, (_, n) => `And another thing, number ${n + 1}.`));
  await matteo.enter("Pottery");
  await matteo.log.hover();
  await matteo.page.mouse.wheel(0, -600);
  await expect(matteo.page.getByRole("link", { name: "Newest messages" })).toBeVisible();
  await shoot(matteo, "room-further-up");
  await matteo.context.setOffline(true);
  await expect(matteo.page.getByRole("status").filter({ hasText: "You are offline" })).toBeVisible();
  await matteo.say("This waits until the train is out of the tunnel.");
  await expect(matteo.log.getByText("Waiting")).toBeVisible();
  await shoot(matteo, "room-offline");
  await runa.goto(runa.dashboard());
  await runa.page.getByRole("button", { name: "Log out" }).click();
  await shoot(runa, "dashboard-log-out");
  await runa.goto("/nowhere");
  await shoot(runa, "not-found");
  await runa.goto("/@Ines");
  await shoot(runa, "not-yours");
  await runa.goto(runa.room("Choir"));
  await shoot(runa, "locked");
});
