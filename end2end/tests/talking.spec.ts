// Messages, from one person to all in the room.

import { type Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

test.describe("two people in a room", () => {
  let alice: Person, bob: Person;
  test.beforeEach(({ pair }) => void ({ alice, bob } = pair));

  test("see each message once, in one order", async () => {
    await alice.say("hello 1");
    await expect(bob.log.getByText("hello 1")).toBeVisible();
    await bob.say("hello 2");
    await expect(alice.log.getByText("hello 2")).toBeVisible();
    // Both at once: whatever the order is, it is the same for both, and the same after a reload.
    const talk = async (who: Person, from: number) => {
      for (let n = from; n < from + 10; n++) await who.say(`hello ${n}`);
    };
    await Promise.all([talk(alice, 100), talk(bob, 200)]);
    for (const who of [alice, bob]) await expect(who.log.getByText(/^hello \d+$/)).toHaveCount(22);
    const seen = await alice.messages(/^hello \d+$/);
    expect(new Set(seen).size).toBe(22);
    expect(await bob.messages(/^hello \d+$/)).toEqual(seen);
    for (const by of ["1", "2"]) {
      const own = seen.filter((text) => text.startsWith(`hello ${by}`) && text.length === 9);
      expect(own).toEqual([...own].sort());
    }
    await alice.reload();
    await expect.poll(() => alice.messages(/^hello \d+$/)).toEqual(seen);
  });

  test("break lines with Shift+Enter and keep inner white space", async () => {
    await alice.box.click();
    await alice.page.keyboard.type("first");
    await alice.page.keyboard.press("Shift+Enter");
    await alice.page.keyboard.type("second  word");
    await alice.page.keyboard.press("Enter");
    const said = bob.log.getByText("second  word");
    await expect(said).toBeVisible();
    expect(await said.innerText()).toBe("first\nsecond  word");
    await expect(alice.box).toHaveValue("");
    await expect(alice.box).toBeFocused();
  });

  test("follow links, and nothing else that was typed is more than text", async () => {
    const dialogs: string[] = [];
    for (const { page } of [alice, bob]) {
      page.on("dialog", async (dialog) => {
        dialogs.push(dialog.message());
        await dialog.dismiss();
      });
    }
    const typed = [
      "<script>alert('script')</script>",
      "<img src=x onerror=alert('img')>",
      "<b>bold</b> &amp; &lt;i&gt; </p></div><h1>out</h1>",
      "javascript:alert(1) data:text/html,<script>alert(2)</script>",
      "{{constructor}} ${alert(3)} [a](javascript:alert(4))",
    ];
    for (const text of typed) await alice.say(text);
    await alice.say("see https://example.org/a?b=c&d=e#f, http://example.net or post@example.org");
    const check = async (who: Person) => {
      for (const text of typed) await expect(who.log.getByText(text, { exact: true })).toBeVisible();
      await expect(who.log.locator("script, img, h1, i, iframe, [onerror]")).toHaveCount(0);
      const links = who.log.getByRole("link");
      await expect(links).toHaveCount(3);
      const found = await links.evaluateAll((links) =>
        links.map((link) => [link.getAttribute("href"), link.getAttribute("rel"), link.textContent]),
      );
      const rel = "noopener noreferrer";
      expect(found).toEqual([
        ["https://example.org/a?b=c&d=e#f", rel, "https://example.org/a?b=c&d=e#f"],
        ["http://example.net", rel, "http://example.net"],
        ["mailto:post@example.org", rel, "post@example.org"],
      ]);
    };
    await check(alice);
    await check(bob);
    await bob.reload();
    await check(bob);
    expect(dialogs).toEqual([]);
  });

  test("are told before they send that a message is too long, and keep its text", async () => {
    const long = "x".repeat(4_001);
    await alice.say(long);
    await expect(alice.alert).toHaveText(/4000|4,000/);
    await expect(alice.box).toHaveValue(long);
    await alice.say("y".repeat(4_000));
    await expect(alice.alert).toBeHidden();
    await expect(bob.log.getByText("y".repeat(4_000))).toBeVisible();
    await alice.say("   \n ");
    await alice.say("short");
    await expect(bob.log.getByText("short")).toBeVisible();
    await expect(bob.log.getByRole("time")).toHaveCount(2);
  });
});

test("one's own message is there at once, pending, and then sent", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  // The network takes its time: what is sent is held here until it is let go.
  let letGo = () => {};
  await alice.page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      if (String(frame).includes('"t":"send"')) letGo = () => server.send(frame);
      else server.send(frame);
    });
  });
  await alice.enter("general");
  await alice.say("on its way");
  const said = alice.log.getByText("on its way");
  await expect(said).toBeVisible();
  await expect(alice.log.getByText("Sending")).toBeVisible();
  await expect(alice.log.getByRole("time")).toHaveCount(0);
  letGo();
  await expect(alice.log.getByText("Sending")).toBeHidden();
  await expect(alice.log.getByRole("time")).toHaveCount(1);
  await expect(said).toHaveCount(1);
});

test("a refused message keeps its text, says why, and is sent on another try", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  const why = "The server has no room left to store this. Nothing was stored.";
  let full = true;
  await alice.page.routeWebSocket(/\/live/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((frame) => {
      const { t, room, id } = JSON.parse(String(frame));
      if (t === "send" && full) {
        socket.send(JSON.stringify({ t: "refused", room, id, code: "storage_full", message: why }));
      } else server.send(frame);
    });
  });
  await alice.enter("general");
  for (const text of ["one", "two", "three"]) await alice.say(text);
  await expect(alice.log.getByRole("alert")).toHaveText([why, why, why]);
  for (const text of ["one", "two", "three"]) await expect(alice.log.getByText(text, { exact: true })).toBeVisible();

  // It is still there after a reload.
  await alice.reload();
  await expect(alice.log.getByRole("alert")).toHaveText([why, why, why]);

  full = false;
  await alice.log.getByRole("button", { name: "Try again" }).first().click();
  await expect(alice.log.getByRole("alert")).toHaveCount(2);
  await expect(alice.log.getByRole("time")).toHaveCount(1);
  const refused = alice.log.getByRole("article").filter({ hasText: "two" });
  await refused.getByRole("button", { name: "Edit" }).click();
  await expect(alice.box).toHaveValue("two");
  await expect(alice.box).toBeFocused();
  await alice.log.getByRole("button", { name: "Discard" }).click();
  await expect(alice.box).toBeFocused();
  await expect(alice.log.getByRole("alert")).toHaveCount(0);
  await alice.box.press("Enter");
  await expect(alice.log.getByRole("time")).toHaveCount(2);
  await expect.poll(() => alice.messages(/^(one|two|three)$/)).toEqual(["one", "two"]);
});

test("a draft survives a reload and stays in its room", async ({ named }) => {
  const alice = await named("alice");
  await alice.hasCreated("general");
  await alice.hasCreated("garden");
  await alice.enter("general");
  await alice.box.fill("not yet");
  await alice.reload();
  await expect(alice.box).toHaveValue("not yet");
  await alice.enter("garden");
  await expect(alice.box).toHaveValue("");
});
