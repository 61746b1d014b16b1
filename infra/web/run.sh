#!/bin/sh
# The handler of the server's function: the Lambda Web Adapter starts it. Only the adapter, beside it, asks the server.
export HOSTNAME=127.0.0.1
exec node start.cjs
