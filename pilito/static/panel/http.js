// Requests to our own server. A session that has ended leads to the log-in, and back here afterwards;
// one that is another person's by now makes the page theirs.
import { setServerTime } from "./clocks.js";
import { say } from "./words.js";

const token = document.querySelector('meta[name="csrf-token"]').content;
const OPERATOR = "X-Operator";
const FRAGMENT = { "X-Fragment": "1" };
const LEAVING_MS = 5_000;
const LONGEST_MS = 30_000; // for a fragment: what hangs for longer would keep every later look waiting
const PATIENCE_MS = 20_000; // for a deed: whoever waits for longer has long wondered whether it was done
export const LONG_MS = 60_000; // for one on many conversations, each of which has its own turn at the database

export const NO_ANSWER = "no_answer"; // the reason of a deed that may have been done all the same

let isLeaving = false;

// `reason` is a slug, where the server gave one.
export class Refusal extends Error {
  constructor(message = "", reason = "") {
    super(message);
    this.reason = reason;
  }
}

// An answer that is none is thrown with its `status` and, where the server says it, `retryAfter` in seconds.
export async function fetchFragment(url) {
  const signal = AbortSignal.timeout?.(LONGEST_MS);
  const answer = await request(url, { headers: FRAGMENT, cache: "no-store", signal });
  if (!answer.ok) throw missed(url, answer);
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fragment = parsed.body.firstElementChild;
  setServerTime(Number(fragment.dataset.now));
  return fragment;
}

export const send = (url, fields = {}) => inTime(post(url, fields));

// As `send`, for a deed that answers with what became of it.
export const ask = (url, fields = {}, patience = PATIENCE_MS) =>
  inTime(post(url, fields, patience).then((answer) => answer.json()));

async function post(url, fields, patience = PATIENCE_MS) {
  const body = new URLSearchParams(fields);
  const signal = AbortSignal.timeout?.(patience);
  const answer = await request(url, { method: "POST", headers: { ...FRAGMENT, "X-CSRFToken": token }, body, signal });
  if (!answer.ok) throw await refusalOf(answer);
  return answer;
}

// A line that hangs is not one that is down: the deed may have been done, and only its answer was lost.
const inTime = (deed) =>
  deed.catch((error) => {
    throw error.name === "TimeoutError" ? new Refusal(say("noAnswer"), NO_ANSWER) : error;
  });

async function request(url, options) {
  const answer = await fetch(url, options);
  return leadOut(answer.status, answer.headers.get(OPERATOR)) ?? answer;
}

// Send a form with a file, and tell how far it is; `abort` ends it.
export function upload(url, fields, onProgress) {
  const request = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    request.open("POST", url);
    request.setRequestHeader("X-Fragment", "1");
    request.setRequestHeader("X-CSRFToken", token);
    request.responseType = "json";
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded / total);
    request.onload = () => {
      const leaving = leadOut(request.status, request.getResponseHeader(OPERATOR));
      if (leaving) return resolve(leaving);
      if (request.status === 201) return resolve(request.response);
      reject(new Refusal(request.response?.message || ""));
    };
    request.onerror = () => reject(new Refusal(""));
    request.onabort = () => reject(new DOMException("", "AbortError"));
    request.send(fields);
  });
  return { done, abort: () => request.abort() };
}

function missed(url, { status, headers }) {
  return Object.assign(new Error(`${url} answered ${status}`), { status, retryAfter: Number(headers.get("Retry-After")) });
}

async function refusalOf(answer) {
  const isJson = answer.headers.get("Content-Type")?.startsWith("application/json");
  const { message, reason } = isJson ? await answer.json() : {};
  return new Refusal(message, reason);
}

// Leave a page whose session has ended, or is another person's by now; nothing is returned for one that may stay.
function leadOut(status, operator) {
  if (status === 401) return logIn();
  if (operator && operator !== document.body.dataset.operator) return becomeTheirs();
}

function logIn() {
  const here = location.pathname + location.search;
  return leave(`${document.body.dataset.login}?next=${encodeURIComponent(here)}&ended=1`);
}

// A tab that was asleep while one person logged out and the next one in: before that one writes anything here, it is
// their page, and forget.js has taken the other's words away. Without its place, for that alone would load nothing.
const becomeTheirs = () => leave(location.pathname + location.search);

// List, thread and pane find out at the same moment: a second navigation would cut the first one off.
function leave(url) {
  if (!isLeaving) location.assign(url);
  isLeaving = true;
  setTimeout(() => (isLeaving = false), LEAVING_MS); // whoever comes back with the browser's button is led out again
  return new Promise(() => {}); // the page is leaving: nothing after this should run
}
