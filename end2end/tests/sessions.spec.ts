// One name in several browsers, and the ways into it.

import type { CDPSession, Page } from "@playwright/test";
import type { Person } from "../support/person.ts";
import { expect, test } from "../support/test.ts";

const PASSPHRASE = "correct horse battery staple";
const OFF = { javaScriptEnabled: false };

/** The sessions on the settings page. */
function sessions(person: Person) {
  return person.page.getByRole("list", { name: "Where you are signed in" }).getByRole("listitem");
}

async function signIn(person: Person, username: string, passphrase: string): Promise<void> {
  await person.page.getByRole("textbox", { name: "Username" }).fill(username);
  await person.page.getByRole("textbox", { name: "Passphrase" }).fill(passphrase);
  await person.page.getByRole("button", { name: "Sign in", exact: true }).click();
}

test("a pass lets a second browser in; both talk, and one can end the other", async ({ named, person }) => {
  const [alice, bob] = [await named("alice"), await named("bob")];
  const room = await alice.hasCreated("general");
  await bob.hasJoined("general");
  await alice.goto(alice.settings());
  await expect(sessions(alice)).toHaveCount(1);
  await alice.page.getByRole("button", { name: "Let another browser in" }).click();
  const link = await alice.page.locator("#pass-link").innerText();
  expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/sign-in#pass=pass_/);

  const phone = await person("alice", { viewport: { width: 1280, height: 480 } });
  await phone.goto(link);
  // Once read, it is out of the address bar.
  await expect(phone.page).toHaveURL("/sign-in");
  await expect(phone.page.getByRole("button", { name: "Come in" })).toBeInViewport();
  await phone.page.getByRole("button", { name: "Come in" }).click();
  await expect(phone.page).toHaveURL("/@alice");
  await expect(alice.page.getByText("The pass was used")).toBeVisible();
  await expect(sessions(alice)).toHaveCount(2);

  await phone.enter("general");
  await alice.enter("general");
  await phone.say("from the phone");
  await expect(alice.log.getByText("from the phone")).toBeVisible();
  await alice.say("from the desk");
  await expect(phone.log.getByText("from the desk")).toBeVisible();
  // What one has read the other has read.
  await alice.goto(alice.dashboard());
  await phone.goto(phone.dashboard());
  await bob.hasSaid(room, "Good evening");
  for (const browser of [alice, phone]) await expect(browser.row("general")).toContainText("1 new");
  await phone.row("general").getByRole("link", { name: "general" }).click();
  await expect(phone.log.getByText("Good evening")).toBeVisible();
  await expect(alice.row("general")).not.toContainText("new");

  await alice.goto(alice.settings());
  const other = sessions(alice).filter({ hasNotText: "this browser" });
  await other.getByRole("button", { name: "Sign out" }).click();
  await expect(phone.page).toHaveURL("/");
  await expect(sessions(alice)).toHaveCount(1);
  await alice.enter("general");
  await alice.say("still here");
  await expect(alice.log.getByText("still here")).toBeVisible();
});

test("signing out everywhere else leaves this browser alone", async ({ named, person }) => {
  const alice = await named("alice");
  const phone = await person("alice");
  await phone.goto(`/sign-in#pass=${await alice.pass()}`);
  await phone.page.getByRole("button", { name: "Come in" }).click();
  await expect(phone.heading).toHaveText("Rooms");
  await alice.goto(alice.settings());
  await alice.page.getByRole("button", { name: "Sign out everywhere else" }).click();
  await expect(phone.page).toHaveURL("/");
  await expect(sessions(alice)).toHaveCount(1);
  await expect(alice.page.getByRole("button", { name: "Sign out everywhere else" })).toBeHidden();
});

test("a passphrase that is suggested, shown and set opens the name elsewhere", async ({ named, person }) => {
  const alice = await named("alice");
  await alice.goto(alice.settings());
  await alice.page.getByRole("button", { name: "Suggest a passphrase" }).click();
  const box = alice.page.getByRole("textbox", { name: "Passphrase" });
  await expect(box).toHaveValue(/^([a-z2-9]{4}-){6}[a-z2-9]{4}$/);
  const passphrase = await box.inputValue();
  await alice.page.getByRole("button", { name: "Set passphrase" }).click();
  await expect(alice.page.getByText("This name has a passphrase.")).toBeVisible();

  const phone = await person("alice");
  await phone.goto("/");
  await phone.page.getByRole("link", { name: "Sign in" }).click();
  await expect(phone.heading).toHaveText("Sign in");
  await phone.goto("/sign-in");
  await signIn(phone, "alice", "not what it is at all");
  await expect(phone.alert).toHaveText(/No name opens with that username and passphrase/);
  await signIn(phone, "Alice", passphrase);
  await expect(phone.page).toHaveURL("/@alice");
});

test("without a script there are passes and passphrases too", async ({ named, person }) => {
  const alice = await named("alice", OFF);
  await alice.page.goto(alice.settings());
  await alice.page.getByRole("textbox", { name: "Passphrase" }).fill("too short");
  await alice.page.getByRole("button", { name: "Set passphrase" }).click();
  await expect(alice.alert).toHaveText(/12 to 128/);
  await alice.page.getByRole("textbox", { name: "Passphrase" }).fill(PASSPHRASE);
  await alice.page.getByRole("button", { name: "Set passphrase" }).click();
  await expect(alice.page.getByText("This name has a passphrase.")).toBeVisible();
  await expect(alice.page.getByRole("button", { name: "Add a passkey" })).toBeHidden();
  await alice.page.getByRole("button", { name: "Let another browser in" }).click();
  const link = new URL(await alice.page.locator("#pass-link").innerText());
  expect(alice.page.url()).not.toContain("pass_");

  const phone = await person("alice", OFF);
  await phone.page.goto("/sign-in");
  await signIn(phone, "alice", "not what it is at all");
  await expect(phone.alert).toHaveText(/No name opens/);
  await expect(phone.page.getByRole("textbox", { name: "Username" })).toHaveValue("alice");
  await expect(phone.page.getByRole("textbox", { name: "Passphrase" })).toHaveValue("");
  await signIn(phone, "alice", PASSPHRASE);
  await expect(phone.page).toHaveURL("/@alice");

  const laptop = await person("alice", OFF);
  await laptop.page.goto("/sign-in");
  await laptop.page.getByRole("textbox", { name: "Pass", exact: true }).fill(link.hash.replace("#pass=", ""));
  await laptop.page.getByRole("button", { name: "Come in" }).click();
  await expect(laptop.page).toHaveURL("/@alice");

  await alice.page.goto(alice.settings());
  await expect(sessions(alice)).toHaveCount(3);
  const others = sessions(alice).filter({ hasNotText: "this browser" });
  await others.first().getByRole("button", { name: "Sign out" }).click();
  await expect(sessions(alice)).toHaveCount(2);
  await sessions(alice).filter({ hasText: "this browser" }).getByRole("button", { name: "Sign out" }).click();
  await expect(alice.page).toHaveURL("/");
  await expect(alice.page.getByRole("list", { name: "Your names" })).toBeHidden();
});

/** Gives a page's browser an authenticator that keeps passkeys and always says yes. */
async function authenticator(page: Page): Promise<[CDPSession, string]> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  const { authenticatorId } = await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
    },
  });
  return [devtools, authenticatorId];
}

test("a passkey opens the name in another browser, until it is removed", async ({ named, person, server }) => {
  // Passkeys are for names, and this machine's is one that counts as safe.
  const baseURL = server.url.replace("127.0.0.1", "localhost");
  const alice = await named("alice");
  const here = await person("alice", { baseURL });
  await here.goto(`/sign-in#pass=${await alice.pass()}`);
  await here.page.getByRole("button", { name: "Come in" }).click();
  await expect(here.heading).toHaveText("Rooms");
  const [made, maker] = await authenticator(here.page);
  await here.goto(here.settings());
  await here.page.getByRole("button", { name: "Add a passkey" }).click();
  const passkeys = here.page.getByRole("list", { name: "Passkeys" }).getByRole("listitem");
  await expect(passkeys).toHaveCount(1);
  await expect(passkeys).toContainText("Chrome on Linux");
  const { credentials } = await made.send("WebAuthn.getCredentials", { authenticatorId: maker });
  expect(credentials).toHaveLength(1);

  const phone = await person("alice", { baseURL });
  await phone.goto("/sign-in");
  const [kept, keeper] = await authenticator(phone.page);
  await kept.send("WebAuthn.addCredential", { authenticatorId: keeper, credential: credentials[0]! });
  const button = phone.page.getByRole("button", { name: "Sign in with a passkey" });
  await button.click();
  await expect(phone.page).toHaveURL(/\/@alice$/);
  await expect(phone.heading).toHaveText("Rooms");
  await passkeys.getByRole("button", { name: "Remove" }).click();
  await expect(here.page.getByText("This name has no passkey.")).toBeVisible();

  await phone.context.clearCookies();
  await phone.goto("/sign-in");
  await button.click();
  await expect(phone.page.getByText("That passkey opens no name here")).toBeVisible();
});
