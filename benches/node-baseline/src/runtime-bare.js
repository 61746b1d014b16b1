// The same on node:http, by hand: as little as a client in JavaScript can do. AWS's own is in C++.
import http from "node:http";

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const INVOCATION = "/2018-06-01/runtime/invocation";
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

/** Hands each invocation's event to the handler, for ever. */
export async function serve(handler) {
  for (;;) {
    const { headers, body } = await call("GET", `${INVOCATION}/next`);
    const id = headers["lambda-runtime-aws-request-id"];
    try {
      await call("POST", `${INVOCATION}/${id}/response`, JSON.stringify(await handler(JSON.parse(body))));
    } catch (error) {
      const told = JSON.stringify({ errorType: error.name, errorMessage: error.message });
      await call("POST", `${INVOCATION}/${id}/error`, told);
    }
  }
}

function call(method, path, content) {
  return new Promise((resolve, reject) => {
    const headers = content
      ? { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(content) }
      : {};
    const request = http.request({ host, port, method, path, headers, agent }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part) => {
        body += part;
      });
      response.on("end", () => resolve({ headers: response.headers, body }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(content);
  });
}
