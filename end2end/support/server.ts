// The release server, as a child process with a database of its own.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const PROGRAM = process.env.LATCHKEY_BIN ?? resolve(import.meta.dirname, "../../target/release/latchkey");

export class Server {
  /** `http://127.0.0.1:PORT`; the same after a restart. */
  url = "";
  /** The link that lets its keeper in. */
  keeper = "";
  private child?: ChildProcess;

  private constructor(
    private readonly program: string,
    private readonly home: string,
  ) {}

  static async start(program = PROGRAM): Promise<Server> {
    const server = new Server(program, await mkdtemp(join(tmpdir(), "latchkey-end2end-")));
    await server.run("127.0.0.1:0");
    return server;
  }

  /** Starts it again after `kill` or `stop`, at the same address, with the same data. */
  async again(): Promise<void> {
    await this.run(new URL(this.url).host);
  }

  /** Ends it in the middle of whatever it is doing. */
  async kill(): Promise<void> {
    await this.end("SIGKILL");
  }

  /** Has it stop in good order. */
  async stop(): Promise<void> {
    await this.end("SIGTERM");
  }

  /** Makes a backup, as its keeper would. */
  async backup(): Promise<void> {
    const child = spawn(this.program, ["backup", "--data", this.data, this.copy], { stdio: "ignore" });
    const [code] = await once(child, "exit");
    if (code !== 0) throw new Error(`the backup ended with ${code}`);
  }

  /** Puts the backup in the place of its data. It does not run. */
  async restore(): Promise<void> {
    for (const beside of ["-wal", "-shm"]) await rm(this.data + beside, { force: true });
    await copyFile(this.copy, this.data);
  }

  private get data(): string {
    return join(this.home, "latchkey.db");
  }
  private get copy(): string {
    return join(this.home, "backup.db");
  }

  /** Ends it for good, with its data. */
  async clear(): Promise<void> {
    await this.kill();
    await rm(this.home, { recursive: true, force: true });
  }

  private async run(listen: string): Promise<void> {
    const child = spawn(
      this.program,
      ["serve", "--listen", listen, "--data", this.data, "--rate-limits", "off", "--log", "warn"],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    this.child = child;
    const failed = once(child, "exit").then(([code]) => {
      throw new Error(`${this.program} ended with ${code} before it served`);
    });
    const ready = (async () => {
      for await (const line of createInterface(child.stdout!)) {
        const url = /^Latchkey is at (http:\S+)/.exec(line)?.[1];
        if (url) this.url = url;
        const keeper = /^For its keeper: (\S+)/.exec(line)?.[1];
        if (keeper) {
          this.keeper = keeper;
          return;
        }
      }
    })();
    await Promise.race([ready, failed]);
    // What ends it from here on is the test.
    failed.catch(() => {});
    child.stdout!.resume();
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }
}
