// What runs in every page before anything else and notes what only the page itself can see.

/** A room that is gone to: how its rows can be told. */
export interface Awaited {
  /** In its newest message and no other. */
  newest: string;
  /** Once in each of its messages. */
  each: string;
  /** How many it has to show. */
  rows: number;
}

/** How the way to a room went. */
export interface Switched {
  /** From the click until the rows were painted. */
  ms: number;
  rows: number;
  /** Tasks of more than 50 ms in between. */
  longTasks: number;
}

export interface Figures {
  awaited?: string;
  switched?: Switched;
  /** Milliseconds from the beginning of the page's navigation. */
  paint?: number;
  interactive?: number;
  memory?: WebAssembly.Memory;
}

/**
 * `window.figures` of a page. Times that outlive a document are kept in the tab's storage, by the clock that all
 * documents share.
 */
export function watchFigures(): void {
  const figures: Figures = ((window as { figures?: Figures }).figures = {});
  const now = () => performance.timeOrigin + performance.now();
  const seen = (element: Element) => element.checkVisibility({ visibilityProperty: true, opacityProperty: true });

  const long: [begun: number, ended: number][] = [];
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      const begun = performance.timeOrigin + startTime;
      long.push([begun, begun + duration]);
    }
  }).observe({ type: "longtask", buffered: true });

  const rows = ({ newest, each }: Awaited) => {
    const log = [...document.querySelectorAll("[role=log]")].find(seen)?.textContent ?? "";
    return log.includes(newest) ? log.split(each).length - 1 : 0;
  };
  const watch = () => {
    const [clicked, awaited] = [sessionStorage.getItem("clicked"), sessionStorage.getItem("awaited")];
    if (!clicked || !awaited) return;
    const room: Awaited = JSON.parse(awaited);
    const look = () => {
      const found = rows(room);
      if (found < room.rows) return requestAnimationFrame(look);
      // A frame's callbacks run before it is painted; those of the next one, after. Element Timing would say it to the
      // frame, but only for elements that the page has marked, and Event Timing only up to the next paint, whatever
      // that shows.
      requestAnimationFrame(() => {
        const [from, to] = [Number(clicked), now()];
        sessionStorage.removeItem("awaited");
        // Long tasks are reported a little later.
        setTimeout(() => {
          const longTasks = long.filter(([begun, ended]) => ended > from && begun < to).length;
          figures.switched = { ms: to - from, rows: found, longTasks };
        }, 150);
      });
    };
    look();
  };
  addEventListener(
    "click",
    ({ timeStamp }) => {
      figures.switched = undefined;
      sessionStorage.setItem("clicked", String(performance.timeOrigin + timeStamp));
      watch();
    },
    { capture: true },
  );
  watch();

  new PerformanceObserver((list) => {
    for (const { startTime } of list.getEntries()) figures.paint = startTime;
  }).observe({ type: "largest-contentful-paint", buffered: true });

  // A page is interactive when it answers a submit of its composer itself. This one asks nobody else: it does not
  // bubble, and a browser sends no form for it.
  const asking = setInterval(() => {
    const box = [...document.querySelectorAll("textarea")].find(({ labels }) => labels[0]?.textContent?.trim() === "Message");
    if (box?.form?.dispatchEvent(new SubmitEvent("submit", { cancelable: true })) !== false) return;
    figures.interactive = performance.now();
    clearInterval(asking);
  }, 20);

  const instantiate = WebAssembly.instantiateStreaming;
  WebAssembly.instantiateStreaming = async (...given) => {
    const running = await instantiate(...given);
    // What is split off has the memory of what it is split from.
    figures.memory ??= running.instance.exports.memory as WebAssembly.Memory | undefined;
    return running;
  };
}
