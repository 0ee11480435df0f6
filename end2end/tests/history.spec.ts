// Reading back.

import type { Locator } from "@playwright/test";
import type { Person, Room } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

const NUMBERED = /^message \d+$/;

/** A room with so many messages of alice's, and bob in it. */
async function longRoom(alice: Person, bob: Person, count: number): Promise<Room> {
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.hasSaid(room, ...Array.from({ length: count }, (_, n) => `message ${n + 1}`));
  return room;
}

function numbers(texts: string[]): number[] {
  return texts.map((text) => Number(text.split(" ")[1]));
}

/** Reads on elsewhere. */
async function scrollTo(row: Locator): Promise<void> {
  await row.evaluate((row) => row.scrollIntoView({ block: "center", behavior: "instant" }));
}

async function top(of: Locator): Promise<number> {
  return (await of.boundingBox())!.y;
}

test("the newest fifty messages are in the server's HTML", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await longRoom(alice, bob, 60);
  const html = await (await bob.context.request.get(bob.room("general"))).text();
  const log = html.slice(html.indexOf('role="log"'));
  const said = [...new Set([...log.matchAll(/>\s*message (\d+)</g)].map(([, n]) => Number(n)))];
  expect(said).toEqual(Array.from({ length: 50 }, (_, n) => n + 11));
});

test("older messages come while scrolling up, without moving what is being read", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await longRoom(alice, bob, 120);
  await bob.enter("general");
  await expect(bob.log.getByText("message 120")).toBeInViewport();

  // History is held back, to measure what it does when it comes.
  let release = () => {};
  const held = new Promise<void>((go) => (release = go));
  await bob.page.route("**/api/history", async (route) => {
    await held;
    await route.continue();
  });
  const anchor = bob.log.getByText("message 76", { exact: true });
  await scrollTo(anchor);
  await expect(bob.log.getByText("Loading older messages…")).toBeAttached();
  await settled(anchor);
  const before = await top(anchor);
  release();
  await expect(bob.log.getByText("message 21", { exact: true })).toBeAttached();
  await expect(bob.log.getByText("Loading older messages…")).not.toBeAttached();
  await settled(anchor);
  const moved = (await top(anchor)) - before;
  expect(Math.abs(moved), `moved by ${moved} px`).toBeLessThanOrEqual(1);
  const shown = numbers(await bob.messages(NUMBERED));
  expect(shown).toEqual(Array.from({ length: shown.length }, (_, n) => n + 121 - shown.length));
});

test("new messages do not move a reader who is further up, and a button leads to them", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await longRoom(alice, bob, 50);
  await bob.enter("general");
  await expect(bob.page.getByRole("link", { name: /Newest messages|new message/ })).toBeHidden();
  const anchor = bob.log.getByText("message 20", { exact: true });
  await scrollTo(anchor);
  await expect(bob.page.getByRole("link", { name: "Newest messages" })).toBeVisible();
  await settled(anchor);
  const before = await top(anchor);
  await alice.hasSaid(room, "fresh 1", "fresh\nwith\nmany\nlines", "fresh 3");
  const newest = bob.page.getByRole("link", { name: "3 new messages" });
  await expect(newest).toBeVisible();
  await settled(anchor);
  const moved = (await top(anchor)) - before;
  expect(Math.abs(moved), `moved by ${moved} px`).toBeLessThanOrEqual(1);
  await newest.click();
  await expect(bob.log.getByText("fresh 3")).toBeInViewport();
  await expect(newest).toBeHidden();
  await expect(bob.page).toHaveURL(bob.room("general"));
  // And from here on the page follows what is said.
  await alice.hasSaid(room, "fresh 4");
  await expect(bob.log.getByText("fresh 4")).toBeInViewport();
});

test("a long room can be read to its beginning and back with a bounded page", async ({ named }) => {
  test.setTimeout(90_000);
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await longRoom(alice, bob, 1_000);
  await bob.enter("general");
  const rows = bob.log.getByText(NUMBERED);
  const first = bob.log.getByText("message 1", { exact: true });
  let most = 0;
  let oldest = Infinity;
  await bob.log.focus();
  await expect(async () => {
    await bob.page.keyboard.press("Home");
    const shown = numbers(await rows.allTextContents());
    most = Math.max(most, shown.length);
    expect(shown).toEqual(Array.from({ length: shown.length }, (_, n) => n + shown[0]!));
    expect(shown[0]).toBeLessThanOrEqual(oldest);
    oldest = shown[0]!;
    await expect(first).toBeVisible({ timeout: 50 });
  }).toPass({ intervals: [50], timeout: 40_000 });
  expect(most).toBeLessThanOrEqual(400);
  await expect(bob.page.getByRole("link", { name: "Older messages" })).toBeHidden();

  // What is said meanwhile is at the end, and nothing is missing on the way there.
  await alice.hasSaid(room, "message 1001");
  await expect(bob.page.getByRole("link", { name: "1 new message" })).toBeVisible();
  await expect(async () => {
    await bob.page.keyboard.press("End");
    const shown = numbers(await rows.allTextContents());
    expect(shown).toEqual(Array.from({ length: shown.length }, (_, n) => n + shown[0]!));
    expect(shown.length).toBeLessThanOrEqual(400);
    expect(shown.at(-1)).toBe(1001);
  }).toPass({ intervals: [50], timeout: 40_000 });
  await bob.page.keyboard.press("End");
  await expect(bob.log.getByText("message 1001")).toBeInViewport();
});

test("the button to the newest works from far up", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await longRoom(alice, bob, 500);
  await bob.goto(`${bob.room("general")}?before=60`);
  await expect(bob.log.getByText("message 59", { exact: true })).toBeVisible();
  await scrollTo(bob.log.getByText("message 30", { exact: true }));
  await bob.page.getByRole("link", { name: "Newest messages" }).click();
  await expect(bob.log.getByText("message 500", { exact: true })).toBeInViewport();
  const shown = numbers(await bob.messages(NUMBERED));
  expect(shown).toEqual(Array.from({ length: shown.length }, (_, n) => n + 501 - shown.length));
});

test("an author is named once in a run, every message has its time, and the full date on hover", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.hasSaid(room, "a1", "a2", "a3");
  await bob.hasSaid(room, "b1");
  await alice.hasSaid(room, "a4");
  await bob.enter("general");
  const told = (name: string) =>
    bob.log
      .getByText(name, { exact: true })
      .evaluateAll((names) => names.filter((name) => (name as HTMLElement).offsetWidth > 2).length);
  expect(await told("alice")).toBe(2);
  expect(await told("bob")).toBe(1);
  const times = bob.log.getByRole("time");
  await expect(times).toHaveCount(5);
  // In the reader's zone, whatever the server's is.
  const now = new Date();
  const berlin = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", ...options }).format(now);
  const day = `${berlin({ weekday: "long" })} ${berlin({ day: "numeric" })} ${berlin({ month: "long" })} ${berlin({ year: "numeric" })}`;
  for (const time of await times.all()) {
    await expect(time).toHaveText(/^\d\d:\d\d$/);
    await expect(time).toHaveAttribute("title", new RegExp(`^${day}, \\d\\d:\\d\\d$`));
    const hour = Number((await time.innerText()).slice(0, 2));
    expect([0, 23]).toContain((24 + Number(berlin({ hour: "2-digit", hour12: false })) - hour) % 24);
  }
});

test("times are as the reader's locale has them", async ({ named }) => {
  const alice = await named("alice", { locale: "en-US" });
  const room = await alice.hasCreated("general");
  await alice.hasSaid(room, "hello");
  await alice.enter("general");
  const time = alice.log.getByRole("time");
  await expect(time).toHaveText(/^(1[0-2]|[1-9]):\d\d [AP]M$/);
  // From now on the server knows.
  const html = await (await alice.context.request.get(alice.room("general"))).text();
  expect(html).toContain(`>${await time.innerText()}</time>`);
});

test("days are told apart, in words where they are near", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await longRoom(alice, bob, 60);
  // The ten older messages become older still on their way here: a server dates what it stores by its own clock.
  const DAY = 86_400_000;
  await bob.page.route("**/api/history", async (route) => {
    const response = await route.fetch();
    const history = await response.json();
    const number = (body: string) => Number(/\d+/.exec(body));
    for (const message of history.messages) message.at -= number(message.body) <= 5 ? 400 * DAY : DAY;
    await route.fulfill({ response, json: history });
  });
  await bob.enter("general");
  await expect(bob.log.getByText("Today", { exact: true })).toHaveCount(1);
  await bob.log.focus();
  await bob.page.keyboard.press("Home");
  await expect(bob.log.getByText("message 1", { exact: true })).toBeAttached();
  const days = bob.log.getByText(/^(Today|Yesterday|\w+day \d+ \w+( \d{4})?)$/);
  await expect(days).toHaveText([/^\w+day \d+ \w+ \d{4}$/, "Yesterday", "Today"]);
  const order = (await bob.log.innerText()).split("\n").filter((line) => /^(Today|Yesterday|\w+day .*|message \d+)$/.test(line));
  expect(order.indexOf("Yesterday")).toBe(order.indexOf("message 6") - 1);
  expect(order.indexOf("Today")).toBe(order.indexOf("message 11") - 1);
});

test("a line says where what is new begins, for as long as the page is open", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await longRoom(alice, bob, 2);
  await bob.enter("general");
  await expect(bob.log.getByText("message 2")).toBeInViewport();
  await bob.goto(bob.dashboard());
  await expect(bob.row("general")).not.toContainText("new");
  await alice.hasSaid(room, "message 3", "message 4");
  await bob.enter("general");
  const lines = async () => (await bob.log.innerText()).split("\n").filter((line) => /^(New|message \d)$/i.test(line));
  await expect.poll(lines).toEqual(["message 1", "message 2", expect.stringMatching(/^new$/i), "message 3", "message 4"]);
  await alice.hasSaid(room, "message 5");
  await expect(bob.log.getByText("message 5")).toBeVisible();
  expect((await lines())[2]).toMatch(/^new$/i);
  await bob.goto(bob.dashboard());
  await bob.enter("general");
  await expect.poll(lines).toHaveLength(5);
});

test("history that cannot be loaded says so and can be tried again", async ({ named }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  await longRoom(alice, bob, 60);
  let broken = true;
  await bob.page.route("**/api/history", async (route) => {
    if (broken) await route.fulfill({ status: 429, json: { code: "too_fast", message: "Too fast." } });
    else await route.continue();
  });
  await bob.enter("general");
  await bob.log.focus();
  await bob.page.keyboard.press("Home");
  await expect(bob.log.getByText("Older messages could not be loaded.")).toBeVisible();
  broken = false;
  await bob.log.getByRole("link", { name: "Try again" }).click();
  await expect(bob.log.getByText("message 1", { exact: true })).toBeAttached();
  await expect(bob.log.getByText("Older messages could not be loaded.")).toBeHidden();
});

/** Waits until an element has stayed where it is for a few frames. */
async function settled(of: Locator): Promise<void> {
  await of.evaluate(
    (element) =>
      new Promise<void>((done) => {
        let last = NaN;
        let still = 0;
        const look = () => {
          const now = element.getBoundingClientRect().y;
          still = now === last ? still + 1 : 0;
          last = now;
          if (still >= 6) done();
          else requestAnimationFrame(look);
        };
        look();
      }),
  );
}
