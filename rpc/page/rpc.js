// JSON-RPC by POST, and new heads by WebSocket.

const TIMEOUT_MS = 15_000;
const RETRY_MS = 3_000;

/** A method answered with an error. */
export class Refused extends Error {
  constructor(method, { code, message, data }) {
    super(`${method}: ${message}${typeof data === 'string' ? ` (${data})` : ''}`);
    this.code = code;
  }
}

/** A node or a thread. */
export class Rpc {
  constructor(url) {
    this.url = new URL(url);
  }

  /** What a method answers. Throws `Refused`, or an error that says why there is no answer. */
  async call(method, params) {
    let response;
    try {
      response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
    } catch (error) {
      throw new Error(`${this.url.host} does not answer (${error.message})`);
    }
    const answer = await response.json().catch(() => {
      throw new Error(`${this.url.host} answers with HTTP status ${response.status}`);
    });
    if (answer.error) throw new Refused(method, answer.error);
    return answer.result;
  }

  /** Tells of each new head and each revert for as long as the page is open, and whether it hears of them. */
  follow({ changed, heard }) {
    const url = new URL('ws', this.url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const socket = new WebSocket(url);
    socket.addEventListener('open', () => {
      socket.send(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'starknet_subscribeNewHeads', params: [] }));
    });
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(data);
      if (message.id === 1) heard(!message.error);
      else changed();
    });
    socket.addEventListener('close', () => {
      heard(false);
      setTimeout(() => this.follow({ changed, heard }), RETRY_MS);
    });
  }
}
