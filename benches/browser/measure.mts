// Samples, taken of all builds in turn, and what they come to: a line of JSON for each build and work.

import { appendFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import type { Build } from "./builds.mts";

export type Sample = Record<string, number>;

/**
 * Prepares each build, then takes one sample of each after the other, `rounds` times, so that what else the machine
 * does is spread over them. A build that fails stops no other.
 */
export async function measure(
  builds: Build[],
  work: string,
  rounds: number,
  prepare: (build: Build) => Promise<() => Promise<Sample>>,
): Promise<void> {
  const errors: unknown[] = [];
  const measured = builds.map((build) => ({
    build,
    samples: [] as Sample[],
    take: undefined as (() => Promise<Sample>) | undefined,
    failed: false,
  }));
  for (let round = -1; round < rounds; round++) {
    for (const one of measured.filter(({ failed }) => !failed)) {
      try {
        if (one.take) one.samples.push(await one.take());
        else one.take = await prepare(one.build);
      } catch (error) {
        one.failed = true;
        errors.push(error);
        keep({ build: one.build.name, work, missing: stripVTControlCharacters(String(error)).split("\n")[0] });
      }
    }
  }
  for (const { build, samples, failed } of measured) {
    if (!failed) keep({ build: build.name, work, figures: spread(samples) });
    await build.leave();
  }
  if (errors.length > 0) throw errors[0];
}

function keep(line: object): void {
  const text = JSON.stringify(line);
  console.log(text);
  if (process.env.BENCH_FIGURES) appendFileSync(process.env.BENCH_FIGURES, `${text}\n`);
}

/** Median, least and most of each figure. */
function spread(samples: Sample[]): Record<string, object> {
  const names = new Set(samples.flatMap(Object.keys));
  return Object.fromEntries(
    [...names].map((name) => {
      const found = samples.map((sample) => sample[name] ?? 0).sort((one, other) => one - other);
      return [name, { p50: found[Math.ceil(found.length / 2) - 1], min: found[0], max: found.at(-1), of: found.length }];
    }),
  );
}
