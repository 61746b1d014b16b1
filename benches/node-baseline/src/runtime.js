// The client of the Lambda Runtime API: what comes with Node.js, and keeps its connection.
const INVOCATION = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation`;

/** Hands each invocation's event to the handler, for ever. */
export async function serve(handler) {
  for (;;) {
    const next = await fetch(`${INVOCATION}/next`);
    const id = next.headers.get("lambda-runtime-aws-request-id");
    try {
      await tell(`${id}/response`, await handler(await next.json()));
    } catch (error) {
      await tell(`${id}/error`, { errorType: error.name, errorMessage: error.message });
    }
  }
}

async function tell(path, content) {
  const heard = await fetch(`${INVOCATION}/${path}`, { method: "POST", body: JSON.stringify(content) });
  // A connection is free again once its answer is read.
  await heard.arrayBuffer();
}
