"""What a suite forks in place of Sepolia: a devnet with as many blocks as the tests presume, and one address of Sepolia
that they send transactions from: there is the devnet's own account."""

import json
import os
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# A test looks 1025 blocks back, at a block that the suite's other devnet has not reached.
BLOCKS = 1500
# From starknet.py's fixture `account_to_impersonate`.
ACCOUNT = "0x43abaa073c768ebf039c0c4f46db9acc39e9ec165690418060a652aab39e7d8"


class Sepolia:
    def __init__(self, port: int, start, ask):
        origin = f"http://127.0.0.1:{port}/rpc"
        command = [os.environ["ZKTHREADS"], "devnet", "--port", str(port), "--accounts", "1", "--seed", "2"]
        self.process = start(command, origin)
        for _ in range(BLOCKS):
            ask(origin, "devnet_createBlock", [])
        account = ask(origin, "devnet_getPredeployedAccounts", {})[0]["address"]
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), forwarder(origin, account))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def end(self):
        self.server.shutdown()
        self.process.kill()


def forwarder(origin: str, account: str):
    class Forward(BaseHTTPRequestHandler):
        def do_POST(self):
            question = self.rfile.read(int(self.headers["content-length"])).decode()
            question = question.replace(f'"{ACCOUNT}"', f'"{account}"')
            request = urllib.request.Request(origin, question.encode(), {"content-type": "application/json"})
            with urllib.request.urlopen(request) as response:
                answer = response.read()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    return Forward
