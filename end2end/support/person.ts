// Someone with a browser of their own: what they see on a page, and what they do there.

import { type BrowserContext, type Locator, type Page, expect } from "@playwright/test";

export interface Room {
  id: number;
  name: string;
  head: number;
}

export class Person {
  constructor(
    readonly name: string,
    readonly context: BrowserContext,
    readonly page: Page,
    private readonly origin: string,
  ) {}

  /** The same browser in a new tab, acting under another name. */
  async newTab(name: string): Promise<Person> {
    return new Person(name, this.context, await this.context.newPage(), this.origin);
  }

  // What they see.

  get alert(): Locator {
    return this.page.getByRole("alert");
  }
  get log(): Locator {
    return this.page.getByRole("log", { name: "Messages" });
  }
  get box(): Locator {
    return this.page.getByRole("textbox", { name: "Message", exact: true });
  }
  get members(): Locator {
    return this.page.getByRole("list", { name: "Members" });
  }
  get heading(): Locator {
    return this.page.getByRole("heading", { level: 1 });
  }
  /** The rooms beside a conversation. */
  get beside(): Locator {
    return this.page.getByRole("navigation", { name: "Rooms" });
  }
  get rooms(): Locator {
    return this.page.getByRole("list", { name: "Your rooms" });
  }
  form(name: "Claim a username" | "Create a room" | "Join a room" | "Join the room"): Locator {
    return this.page.getByRole("form", { name });
  }
  /** The row of a room on the dashboard. */
  row(room: string): Locator {
    return this.rooms.getByRole("listitem").filter({ has: this.page.getByRole("link", { name: room, exact: true }) });
  }
  /** The row of a message, by what it says. */
  said(text: string | RegExp): Locator {
    return this.log.getByRole("article").filter({ has: this.page.locator(".body", { hasText: text }) });
  }
  /** The messages that are on the page, of those that match. */
  async messages(like: RegExp): Promise<string[]> {
    return this.log.getByText(like).allTextContents();
  }

  // Where they go.

  settings(): string {
    return `${this.dashboard()}/settings`;
  }
  dashboard(): string {
    return `/@${encodeURIComponent(this.name)}`;
  }
  room(name: string): string {
    return `${this.dashboard()}/rooms/${encodeURIComponent(name)}`;
  }
  /** Opens a page and waits until it has come alive. */
  async goto(path: string): Promise<void> {
    await this.page.goto(path);
    await alive(this.page);
  }
  /** Loads the page again and waits until it has come alive. */
  async reload(): Promise<void> {
    await this.page.reload();
    await alive(this.page);
  }
  /** Opens a room and waits until it is live: the page is then one of those online. */
  async enter(room: string): Promise<void> {
    await this.goto(this.room(room));
    await this.live();
  }
  async live(): Promise<void> {
    await expect(this.members.getByRole("listitem").filter({ hasText: this.name }).first()).toContainText("online");
  }

  // What they do on a page.

  async claim(name = this.name): Promise<void> {
    const form = this.form("Claim a username");
    await form.getByRole("textbox", { name: "Username" }).fill(name);
    await form.getByRole("button", { name: "Submit" }).click();
  }
  async create(room: string, key: string): Promise<void> {
    await this.give(this.form("Create a room"), room, key);
    await this.form("Create a room").getByRole("button", { name: "Create room" }).click();
  }
  async join(room: string, key: string): Promise<void> {
    await this.give(this.form("Join a room"), room, key);
    await this.form("Join a room").getByRole("button", { name: "Join room" }).click();
  }
  private async give(form: Locator, room: string, key: string): Promise<void> {
    await form.getByRole("textbox", { name: "Room name" }).fill(room);
    await form.getByRole("textbox", { name: "Room key" }).fill(key);
  }
  /** Gives the name up for good, in the settings. */
  async giveUp(): Promise<void> {
    await this.page.getByRole("button", { name: `Give up ${this.name}` }).click();
    const dialog = this.page.getByRole("dialog", { name: `Give up @${this.name}?` });
    await dialog.getByRole("button", { name: "Give up the name" }).click();
    await expect(this.page).toHaveURL("/");
  }
  /** Logs out on the dashboard. */
  async logOut(): Promise<void> {
    await this.page.getByRole("button", { name: "Log out" }).click();
    await this.page.getByRole("dialog").getByRole("button", { name: "Log out" }).click();
  }
  /** Leaves a room by a button that asks first. */
  async leave(button = "Leave room"): Promise<void> {
    await this.page.getByRole("button", { name: button, exact: true }).click();
    await this.page.getByRole("dialog", { name: /^Leave / }).getByRole("button", { name: "Leave room" }).click();
  }
  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press("Enter");
  }
  /** Presses what can be done to a message, once a mouse is over it. */
  async act(text: string, action: string): Promise<void> {
    await this.said(text).hover();
    await this.said(text).getByRole("button", { name: action, exact: true }).click();
  }
  async edit(text: string, to: string): Promise<void> {
    await this.act(text, "Edit");
    const box = this.page.getByRole("textbox", { name: "Edit message" });
    await expect(box).toBeFocused();
    await expect(box).toHaveValue(text);
    await box.fill(to);
    await this.page.getByRole("button", { name: "Save" }).click();
  }

  // What they do over HTTP, where a test is about something else.

  async hasClaimed(): Promise<void> {
    await this.call("claim_username", { username: this.name });
  }
  async hasPassphrase(passphrase = "correct horse battery staple"): Promise<void> {
    await this.call("set_passphrase", { me: this.name, passphrase });
  }
  /** A pass that lets another browser in. */
  async pass(): Promise<string> {
    return (await this.call<{ pass: string }>("new_pass", { me: this.name })).pass;
  }
  async hasCreated(name: string, key = "open sesame"): Promise<Room> {
    return this.call<Room>("create_room", { me: this.name, name, key });
  }
  async hasJoined(name: string, key = "open sesame"): Promise<Room> {
    return this.call<Room>("join_room", { me: this.name, name, key });
  }
  async hasSaid(room: Room, ...bodies: string[]): Promise<void> {
    const cookie = await this.cookie();
    for (const body of bodies) {
      await this.ask("post_message", { me: this.name, room: String(room.id), body }, cookie);
    }
  }
  async history(room: Room): Promise<{ seq: number; body: string }[]> {
    const page = await this.call<{ messages: { seq: number; body: string }[] }>("history", {
      me: this.name,
      room: String(room.id),
    });
    return page.messages;
  }
  async hasAnswered(room: Room, re: number, body: string): Promise<void> {
    await this.call("post_message", { me: this.name, room: String(room.id), re: String(re), body });
  }
  async hasReacted(room: Room, seq: number, emoji: string): Promise<void> {
    await this.call("react", { me: this.name, room: String(room.id), seq: String(seq), emoji, on: "true" });
  }
  async hasErased(room: Room, seq: number): Promise<void> {
    await this.call("delete_message", { me: this.name, room: String(room.id), seq: String(seq) });
  }
  async hasLeft(room: Room): Promise<void> {
    await this.call("leave_room", { me: this.name, room: String(room.id) });
  }
  private async call<T>(endpoint: string, form: Record<string, string>): Promise<T> {
    const { headers, text } = await this.ask(endpoint, form, await this.cookie());
    const given = headers.getSetCookie().map((cookie) => {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      return { name: name!, value: value!, url: this.origin, httpOnly: true, sameSite: "Lax" as const };
    });
    await this.context.addCookies(given);
    return JSON.parse(text) as T;
  }
  private async cookie(): Promise<string> {
    const cookies = await this.context.cookies();
    return cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  }
  private async ask(endpoint: string, form: Record<string, string>, cookie: string) {
    const answer = await fetch(`${this.origin}/api/${endpoint}`, {
      method: "POST",
      headers: { cookie },
      body: new URLSearchParams(form),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${endpoint}: ${answer.status} ${text}`);
    return { headers: answer.headers, text };
  }
}

/** Waits until the page has come alive: its WASM runs and has taken the page over. */
export async function alive(page: Page): Promise<void> {
  await page.waitForFunction(() => (window as { alive?: boolean }).alive, undefined, { timeout: 20_000 });
}

/** Runs in the page before anything else: notes when the WASM has started, and what moves meanwhile. */
export function watchPage(): void {
  const page = window as { alive?: boolean; shifts?: object[] };
  const shifts: object[] = (page.shifts = []);
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & {
      value: number;
      sources: { node?: Element }[];
    })[]) {
      const moved = entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 120));
      shifts.push({ value: entry.value, moved });
    }
  }).observe({ type: "layout-shift", buffered: true });
  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...given) => {
    const instance = await instantiate(...given);
    // The page starts its WASM in the microtasks that follow.
    setTimeout(() => (page.alive = true));
    return instance;
  };
}
