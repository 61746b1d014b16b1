export default function Page() {
  return <h1>Visão geral</h1>;
}
