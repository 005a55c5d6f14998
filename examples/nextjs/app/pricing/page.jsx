import { Ask } from "./ask.jsx";

export const metadata = { title: "Prices" };

export default function Page() {
  return (
    <>
      <h1>Prices without small print</h1>
      <Ask />
    </>
  );
}
