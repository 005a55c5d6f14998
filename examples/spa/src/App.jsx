import { useEffect, useState } from "react";
import { chat, useChatEvent } from "./porchlight.js";

const BIKES = { "/long-john": "Long John", "/trike": "Trike" };

/** The address bar, and how to go elsewhere without loading a page. */
function useRoute() {
  const [path, setPath] = useState(location.pathname);
  useEffect(() => {
    const read = () => setPath(location.pathname);
    addEventListener("popstate", read);
    return () => removeEventListener("popstate", read);
  }, []);
  const go = (event) => {
    event.preventDefault();
    history.pushState({}, "", event.currentTarget.href);
    setPath(location.pathname);
  };
  return [path, go];
}

export function App() {
  const [path, go] = useRoute();
  const [known, setKnown] = useState();
  useChatEvent("email", setKnown);
  const bike = BIKES[path];
  useEffect(() => {
    document.title = `${bike ?? "Bikes"} · Harbour Bikes`;
  }, [bike]);
  return (
    <>
      <nav>
        {[["/", "All bikes"], ...Object.entries(BIKES)].map(([href, name]) => (
          <a key={href} href={href} onClick={go}>
            {name}
          </a>
        ))}
      </nav>
      <h1>{bike ?? "Bikes for people who carry things"}</h1>
      <button onClick={() => chat("open")}>Ask about it</button>
      {known && <p>We write to {known.email}.</p>}
    </>
  );
}
