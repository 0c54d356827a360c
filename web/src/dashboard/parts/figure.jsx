import { useEffect, useRef, useState } from "preact/hooks";

const scheme = matchMedia("(prefers-color-scheme: dark)");

/**
 * A chart that is focused and read out point by point with the arrow keys; the table beside it
 * has the same. The library comes with the first chart, after the page is there.
 */
export function Figure({ summary, height = 280, ...chart }) {
  const canvas = useRef();
  const drawn = useRef();
  const library = useRef();
  const [told, setTold] = useState("");
  const [place, setPlace] = useState(-1);
  const [failure, setFailure] = useState();
  const key = JSON.stringify(chart);

  useEffect(() => {
    let isGone = false;
    const redraw = async () => {
      library.current = await import("./chart.js");
      if (!isGone) {
        drawn.current?.destroy();
        drawn.current = library.current.draw(canvas.current, chart);
      }
    };
    redraw().catch(() => setFailure("The chart could not be loaded; the table has the same."));
    scheme.addEventListener("change", redraw);
    return () => {
      isGone = true;
      scheme.removeEventListener("change", redraw);
      drawn.current?.destroy();
      drawn.current = undefined;
    };
  }, [key]);

  const move = (event) => {
    const last = chart.labels.length - 1;
    const [back, on] = chart.horizontal ? ["ArrowUp", "ArrowDown"] : ["ArrowLeft", "ArrowRight"];
    const next = {
      [back]: Math.max(0, place - 1),
      [on]: Math.min(last, place + 1),
      Home: 0,
      End: last,
    }[event.key];
    if (next !== undefined && drawn.current) {
      event.preventDefault();
      setPlace(next);
      setTold(library.current.point(drawn.current, next));
    }
  };
  if (failure) {
    return <p class="empty">{failure}</p>;
  }
  return (
    <figure class="figure" style={{ height: `${height}px` }}>
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`${summary} Arrow keys read the values.`}
        onKeyDown={move}
      />
      <span class="visually-hidden" aria-live="polite">
        {told}
      </span>
    </figure>
  );
}
