export default function Page() {
  return <h1>Bikes for people who carry things</h1>;
}
