// Losing the network, and the server, and not noticing.

import type { Person, Room } from "../support/person.ts";
import { LOST, expect, test } from "../support/test.ts";

test.use({ tolerated: [LOST] });

let alice: Person, bob: Person, room: Room;
test.beforeEach(({ pair }) => void ({ alice, bob, room } = pair));

const LINES = /^line \d+$/;
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `line ${from + n}`);

test("offline, a banner says so, what is typed waits in sight, and all is caught up once", async () => {
  await alice.say("line 1");
  await expect(bob.log.getByText("line 1")).toBeVisible();
  await bob.context.setOffline(true);
  const banner = bob.page.getByRole("status").filter({ hasText: "You are offline" });
  await expect(banner).toBeVisible();
  await bob.say("line 4");
  await bob.say("line 5");
  await expect(bob.log.getByText("Waiting")).toHaveCount(2);
  await alice.say("line 2");
  await alice.say("line 3");
  await expect.poll(() => alice.messages(LINES)).toEqual(lines(1, 3));
  await bob.context.setOffline(false);
  await expect(banner).toBeHidden();
  await expect.poll(() => bob.messages(LINES)).toEqual(lines(1, 5));
  await expect.poll(() => alice.messages(LINES)).toEqual(lines(1, 5));
  await expect(bob.log.getByText("Waiting")).toHaveCount(0);
  await alice.reload();
  await expect.poll(() => alice.messages(LINES)).toEqual(lines(1, 5));
});

test("while the browser says that it is offline the banner says nothing else", async () => {
  await bob.page.evaluate(() => {
    const said = ((window as { said?: string[] }).said = []) as string[];
    new MutationObserver(() => said.push(document.querySelector(".banner")!.textContent!)).observe(
      document.querySelector(".banner")!,
      { childList: true, subtree: true, characterData: true },
    );
  });
  await bob.context.setOffline(true);
  await expect(bob.page.getByRole("status").filter({ hasText: "You are offline" })).toBeVisible();
  // Long enough for a few tries to connect.
  await bob.page.waitForTimeout(5_000);
  const said = await bob.page.evaluate(() => (window as { said?: string[] }).said!);
  expect(said.filter((text) => text !== "" && !text.startsWith("You are offline."))).toEqual([]);
  await bob.context.setOffline(false);
  await expect(bob.page.getByRole("status").filter({ hasText: "You are offline" })).toBeHidden();
});

test("what waits survives a reload and is sent once", async () => {
  await alice.say("line 1");
  await expect(bob.log.getByText("line 1")).toBeVisible();
  // The page can be loaded, but its socket cannot be opened.
  let cut = true;
  await bob.page.routeWebSocket(/\/live/, (socket) => {
    if (cut) void socket.close();
    else socket.connectToServer();
  });
  await bob.reload();
  await bob.say("line 2");
  await bob.say("line 3");
  await expect(bob.log.getByText("Waiting")).toHaveCount(2);
  await expect(bob.page.getByRole("status").filter({ hasText: "Reconnecting" })).toBeVisible();
  await bob.reload();
  await expect(bob.log.getByText(LINES)).toHaveText(lines(1, 3));
  cut = false;
  await bob.reload();
  await expect(alice.log.getByText(LINES)).toHaveText(lines(1, 3));
  await expect(bob.log.getByText("Waiting")).toHaveCount(0);
  await bob.reload();
  await expect(bob.log.getByText(LINES)).toHaveText(lines(1, 3));
  expect(await alice.messages(LINES)).toEqual(lines(1, 3));
});

test("where a backup was restored meanwhile, pages show what the server has, and lose nothing that waits", async ({ server }) => {
  await alice.say("line 1");
  await expect(bob.log.getByText("line 1")).toBeVisible();
  await server.backup();
  await alice.say("line 2");
  await alice.say("line 3");
  await expect.poll(() => bob.messages(LINES)).toEqual(lines(1, 3));
  await bob.box.fill("a draft");
  await server.kill();
  await alice.say("line 4");
  await expect(alice.log.getByText("Waiting")).toHaveCount(1);
  await server.restore();
  await server.again();
  const kept = ["line 1", "line 4"];
  for (const who of [alice, bob]) {
    await expect.poll(() => who.messages(LINES), { timeout: 30_000 }).toEqual(kept);
  }
  await expect(alice.log.getByText("Waiting")).toHaveCount(0);
  await expect(bob.box).toHaveValue("a draft");
  // It goes on, under numbers that pages have seen before.
  for (const text of ["line 5", "line 6"]) await alice.say(text);
  await expect.poll(() => bob.messages(LINES)).toEqual([...kept, "line 5", "line 6"]);
  await bob.reload();
  await expect.poll(() => bob.messages(LINES)).toEqual([...kept, "line 5", "line 6"]);
});

test("a killed server is found again by itself, with no hole and no repeat", async ({ server }) => {
  for (let n = 1; n <= 5; n++) await (n % 2 ? alice : bob).say(`line ${n}`);
  for (const who of [alice, bob]) await expect(who.log.getByText(LINES)).toHaveCount(5);
  const before = await alice.messages(LINES);
  await server.kill();
  await alice.say("line 6");
  await alice.say("line 7");
  await expect(alice.log.getByText("Waiting")).toHaveCount(2);
  await expect(alice.page.getByRole("status").filter({ hasText: "Reconnecting" })).toBeVisible();
  await server.again();
  for (const who of [alice, bob]) {
    await expect.poll(() => who.messages(LINES), { timeout: 30_000 }).toEqual([...before, "line 6", "line 7"]);
  }
  await expect(alice.page.getByRole("status").filter({ hasText: "Reconnecting" })).toBeHidden();
  await bob.say("line 8");
  await expect.poll(() => alice.messages(LINES)).toEqual([...before, "line 6", "line 7", "line 8"]);
});

test("a server that is stopped and started mid-conversation loses and repeats nothing", async ({ server }) => {
  let going = true;
  let count = 0;
  const talk = (async () => {
    while (going && count < 60) {
      await alice.say(`line ${++count}`);
      await alice.page.waitForTimeout(60);
    }
  })();
  await expect(bob.log.getByText("line 5", { exact: true })).toBeVisible();
  await server.stop();
  await server.again();
  await bob.page.waitForTimeout(500);
  await server.kill();
  await server.again();
  going = false;
  await talk;
  const all = lines(1, count);
  for (const who of [bob, alice]) await expect.poll(() => who.messages(LINES), { timeout: 30_000 }).toEqual(all);
  await bob.reload();
  await expect.poll(() => bob.messages(LINES)).toEqual(all.slice(-50));
});

test("a long absence is caught up, more than a page of history, without a hole", async () => {
  await bob.context.setOffline(true);
  await expect(bob.page.getByRole("status").filter({ hasText: "You are offline" })).toBeVisible();
  await alice.hasSaid(room, ...lines(1, 230));
  await bob.context.setOffline(false);
  await expect.poll(() => bob.messages(LINES)).toEqual(lines(1, 230));
  await expect(bob.log.getByText("line 230")).toBeInViewport();
});

test("after 5,000 messages the newest page comes first and by one question, then the rest as one goes back", async () => {
  await bob.context.setOffline(true);
  await expect(bob.page.getByRole("status").filter({ hasText: "You are offline" })).toBeVisible();
  await alice.page.goto("/");
  await alice.page.evaluate(
    ([room, bodies]) =>
      new Promise<void>((done) => {
        const live = new WebSocket(`ws://${location.host}/live?me=alice`);
        let missing = bodies.length;
        live.onopen = () => {
          for (const body of bodies) live.send(JSON.stringify({ t: "send", room, id: crypto.randomUUID(), body }));
        };
        live.onmessage = ({ data }) => {
          if (data.startsWith('{"t":"sent"') && --missing === 0) done();
        };
      }),
    [room.id, lines(1, 5_000)] as const,
  );
  const asked: string[] = [];
  bob.page.on("request", (request) => {
    if (/\/api\/(history|changes)$/.test(request.url())) asked.push(request.postData()!);
  });
  let answer!: Promise<unknown>;
  let held = () => {};
  await bob.page.route(/\/api\/(history|changes)$/, async (route) => {
    // All but the first question waits, so that what is shown comes from that one.
    if (asked.length > 1) await new Promise<void>((go) => (held = go));
    answer = route.continue();
    await answer;
  });
  await bob.context.setOffline(false);
  await expect(bob.log.getByText("line 5000")).toBeInViewport();
  expect(await bob.messages(LINES)).toEqual(lines(4_951, 5_000));
  expect(asked).toHaveLength(1);
  held();
  await bob.page.unrouteAll();
  await bob.log.hover();
  await expect(async () => {
    await bob.page.mouse.wheel(0, -4_000);
    expect((await bob.messages(LINES)).length).toBeGreaterThan(150);
  }).toPass();
  const read = await bob.messages(LINES);
  expect(read).toEqual(lines(5_001 - read.length, 5_000));
});

test("the dashboard says when it is offline and catches up, too", async ({ server }) => {
  await bob.goto(bob.dashboard());
  await expect(bob.row("general")).toContainText("2 online");
  await bob.context.setOffline(true);
  const banner = bob.page.getByRole("status").filter({ hasText: "You are offline" });
  await expect(banner).toContainText("This list stays as it is");
  await bob.context.setOffline(false);
  await expect(banner).toBeHidden();
  await server.kill();
  await server.again();
  await alice.hasSaid(room, "said meanwhile");
  await expect(bob.row("general")).toContainText("said meanwhile", { timeout: 30_000 });
  await expect(bob.row("general")).toContainText("1 new");
});
