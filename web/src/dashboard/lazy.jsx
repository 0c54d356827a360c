import { useEffect, useState } from "preact/hooks";
import { Failure, Skeleton } from "./parts/states.jsx";

/** A view that is loaded when it is first shown. */
export function lazy(load) {
  let Loaded;
  return function Lazy(properties) {
    const [, ready] = useState(Boolean(Loaded));
    const [failure, setFailure] = useState();
    useEffect(() => {
      if (!Loaded) {
        load().then(
          (view) => {
            Loaded = view;
            ready(true);
          },
          () => setFailure("This view could not be loaded. Reload the page."),
        );
      }
    }, []);
    if (failure) {
      return <Failure message={failure} again={() => location.reload()} />;
    }
    return Loaded ? <Loaded {...properties} /> : <Skeleton lines={12} />;
  };
}
