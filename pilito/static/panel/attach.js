// Files for the next reply: chosen, dropped, pasted or recorded; made fit for the channel, then uploaded one by one.
// Each stays with the composer that it was put into, also when one looks at another conversation meanwhile.
import { here } from "./here.js";
import { upload } from "./http.js";
import { digits, say } from "./words.js";

const MOST = 10;
const EDGE = 2048; // pixels: what phones show
const QUALITY = 0.88;
const VOICE_RATE = 16000; // samples a second: speech, 1.9 MB a minute
const RECORDED = "audio/mp4;codecs=mp4a.40.2";
const find = (id) => document.getElementById(id);

const baskets = new WeakMap(); // a composer -> what goes with its next reply
let basket = { files: new Map() }; // of the composer that is open

// `files`: the chip of a file -> its id, once it is uploaded. `cardPicture`: where the picture of the card will be shown,
// while it is uploaded.
function beginBasket(form, onChange) {
  const begun = { form, files: new Map(), cardPicture: null, recorder: null, isAsking: false, from: here() };
  baskets.set(form, begun);
  find("composer-attach").addEventListener("click", () => find("composer-file").click());
  find("composer-file").addEventListener("change", ({ target }) => (addAll(target.files), (target.value = "")));
  find("composer-text").addEventListener("paste", (event) => hasWords(event.clipboardData) || takeFrom(event, event.clipboardData));
  find("composer-record").hidden = !(navigator.mediaDevices && window.MediaRecorder);
  find("composer-record").addEventListener("click", record);
  find("composer-card-choose").addEventListener("click", () => find("composer-card-file").click());
  find("composer-card-file").addEventListener("change", ({ target }) => (addPicture(target.files[0]), (target.value = "")));
  find("composer-card-clear").addEventListener("click", () => ((begun.cardPicture = null), takeCard(), changed()));
  form.addEventListener("composer-files", onChange);
  return begun;
}

export function startAttaching(onChange) {
  basket = baskets.get(find("composer")) ?? beginBasket(find("composer"), onChange);
  const pane = find("thread");
  pane.addEventListener("dragover", (event) => event.dataTransfer.types.includes("Files") && event.preventDefault());
  pane.addEventListener("drop", (event) => takeFrom(event, event.dataTransfer));
  changed(); // what was uploaded while one looked elsewhere
}

const within = ({ form }, id) => form.querySelector(`#${id}`);

export const isUploading = () => [...basket.files.values()].includes(null) || Boolean(basket.cardPicture || basket.recorder);
export const hasFiles = () => basket.files.size > 0;

// What goes with the reply that is sent now; the composer is empty afterwards.
export function takeFiles() {
  const { files } = basket;
  const taken = [...files].map(([chip, id]) => ({ attachment: id, attachment_name: chip.dataset.name, picture: chip.dataset.picture }));
  for (const chip of files.keys()) chip.remove();
  files.clear();
  changed();
  return taken;
}

export function takeCard() {
  const fields = [...find("composer").querySelectorAll("[name^=card_]")];
  const card = Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]).filter(([, value]) => value));
  for (const field of fields) field.value = "";
  const picture = find("composer-card-picture").querySelector("img")?.getAttribute("src");
  find("composer-card-picture").replaceChildren();
  find("composer-card").open = false;
  return { card, picture };
}

// What was taken back before it left is here again.
export function giveFile({ id, url, kind, name }) {
  const chip = showChip(basket, name);
  basket.files.set(chip, id);
  showKept(chip, { kind, url });
  changed();
}

export function giveCard({ picture, ...fields }) {
  // All of them: another card's price must not stand on this one.
  for (const field of find("composer").querySelectorAll("[name^=card_]")) field.value = fields[field.name] ?? "";
  find("composer-card-picture").replaceChildren(...(picture ? [cardImage(picture, "")] : []));
  basket.cardPicture = null; // what was still being uploaded is for a card that is not here any more
  find("composer-card").open = true;
  changed();
}

// Spreadsheets copy words, and a picture of them beside: the words are meant. A file's name alone is none.
const hasWords = ({ types }) => types.includes("text/plain") && types.includes("text/html");

function takeFrom(event, source) {
  if (!source?.files.length) return;
  event.preventDefault(); // also where one may not reply: the browser would leave the panel for the file
  if (!find("composer").hidden) addAll(source.files);
}

function addAll(chosen) {
  explain(basket, "");
  for (const file of chosen) add(file);
}

async function add(file, into = basket) {
  const { files } = into;
  if (files.size >= MOST) return explain(into, say("tooMany", { most: digits(MOST) }));
  const chip = showChip(into, file.name);
  files.set(chip, null);
  changed(into);
  try {
    const kept = await keep(into, file, (part) => (chip.querySelector("progress").value = part), chip);
    if (!files.has(chip)) return; // removed meanwhile
    files.set(chip, kept.id);
    showKept(chip, kept);
  } catch (error) {
    remove(into, chip);
    if (error.name !== "AbortError") explain(into, error.message || say("failed"));
  }
  changed(into);
}

// The picture of the product card: the card does not leave without it.
async function addPicture(file) {
  if (!file) return;
  const into = basket;
  const place = Object.assign(document.createElement("span"), { textContent: say("sending") });
  within(into, "composer-card-picture").replaceChildren(place);
  into.form.elements.card_picture.value = "";
  explain(into, "");
  into.cardPicture = place;
  changed(into);
  let kept = null;
  let problem = "";
  try {
    kept = await keep(into, file, () => {});
  } catch (error) {
    problem = error.message || say("failed");
  }
  if (into.cardPicture !== place) return; // another was chosen meanwhile
  into.cardPicture = null;
  if (problem) explain(into, problem);
  if (kept) into.form.elements.card_picture.value = kept.id;
  place.replaceWith(...(kept ? [cardImage(kept.url, file.name)] : []));
  changed(into);
}

const cardImage = (src, alt) => Object.assign(document.createElement("img"), { src, alt, width: 64, height: 64 });

// --- fit, then uploaded ----------------------------------------------------------------------------------------------

async function keep({ form }, file, onProgress, chip) {
  const kind = kindOf(file.type);
  const rule = JSON.parse(form.dataset.files)[kind];
  if (!rule) throw new Error(say("wrongFormat"));
  const fit = await made(file, kind, rule).catch(() => { throw new Error(say("wrongFormat")); });
  if (fit.size > rule.limit) throw new Error(say("tooLarge", { limit: digits(Math.floor(rule.limit / 2 ** 20)) }));
  const fields = new FormData();
  fields.set("kind", kind);
  fields.set("file", fit, file.name);
  const begun = upload(form.dataset.uploads, fields, onProgress);
  if (chip) chip.abort = begun.abort;
  return begun.done;
}

function kindOf(type) {
  if (type === "application/pdf") return "file";
  return { image: "image", audio: "voice", video: "video" }[type.split("/")[0]];
}

function made(file, kind, rule) {
  const isTaken = rule.types.includes(file.type.split(";")[0]);
  if (kind === "image" && (!isTaken || file.size > rule.limit)) return asJpeg(file);
  if (kind === "voice" && !isTaken) return asWav(file);
  return Promise.resolve(file); // what else is wrong, the server says
}

async function asJpeg(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, EDGE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [Math.round(picture.width * scale), Math.round(picture.height * scale)];
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // JPEG knows no transparency
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}

// The browser reads every format that it plays; Instagram takes the plainest of all.
async function asWav(file) {
  const sound = await new OfflineAudioContext(1, 1, VOICE_RATE).decodeAudioData(await file.arrayBuffer());
  const tracks = Array.from({ length: sound.numberOfChannels }, (_, number) => sound.getChannelData(number));
  const view = new DataView(new ArrayBuffer(44 + sound.length * 2));
  const write = (at, words) => [...words].forEach((letter, index) => view.setUint8(at + index, letter.charCodeAt(0)));
  write(0, "RIFF");
  view.setUint32(4, 36 + sound.length * 2, true);
  write(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // plain samples
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, VOICE_RATE, true);
  view.setUint32(28, VOICE_RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  write(36, "data");
  view.setUint32(40, sound.length * 2, true);
  for (let index = 0; index < sound.length; index += 1) {
    const level = tracks.reduce((sum, track) => sum + track[index], 0) / tracks.length;
    view.setInt16(44 + index * 2, Math.max(-1, Math.min(1, level)) * 32767, true);
  }
  return new Blob([view], { type: "audio/wav" });
}

// --- recording -------------------------------------------------------------------------------------------------------

async function record() {
  const into = basket;
  if (into.recorder) return into.recorder.stop();
  if (into.isAsking) return; // pressed twice: a second recording would cover the first, which nobody could end
  explain(into, "");
  let stream;
  try {
    into.isAsking = true;
    stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  } catch {
    return explain(into, say("noMicrophone"));
  } finally {
    into.isAsking = false;
  }
  if (!into.form.isConnected) return hangUp(stream); // one has gone on while the browser asked
  const parts = [];
  const recorder = new MediaRecorder(stream, MediaRecorder.isTypeSupported(RECORDED) ? { mimeType: RECORDED } : {});
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.onstop = () => {
    hangUp(stream);
    const type = recorder.mimeType === RECORDED ? "audio/mp4" : "audio/webm";
    into.recorder = null;
    showRecording(into, false);
    if (!into.form.isConnected) into.from.tell(say("recordingStopped"));
    add(new File(parts, say("voice"), { type }), into);
  };
  into.recorder = recorder;
  recorder.start();
  showRecording(into, true);
}

// The microphone hears nothing that is said over another conversation; what was said so far stays with its own.
document.addEventListener("conversation:leave", () => basket.recorder?.stop());

const hangUp = (stream) => stream.getTracks().forEach((track) => track.stop());

function showRecording(into, isOn) {
  const button = within(into, "composer-record");
  button.setAttribute("aria-pressed", String(isOn));
  button.title = say(isOn ? "stopRecording" : "record");
  changed(into);
}

// --- what is shown ---------------------------------------------------------------------------------------------------

function showChip(into, name) {
  const chip = within(into, "composer-chip").content.firstElementChild.cloneNode(true);
  chip.dataset.name = name;
  chip.querySelector("bdi").textContent = name;
  chip.querySelector("button").addEventListener("click", () => (chip.abort?.(), remove(into, chip), changed(into)));
  within(into, "composer-files").append(chip);
  return chip;
}

function showKept(chip, { kind, url }) {
  chip.querySelector("progress").remove();
  if (kind !== "image") return;
  chip.dataset.picture = url;
  const picture = document.createElement("img");
  Object.assign(picture, { src: url, alt: "", width: 40, height: 40 });
  chip.querySelector(".chip-picture").replaceChildren(picture);
}

function remove({ files }, chip) {
  files.delete(chip);
  chip.remove();
}

function changed(into = basket) {
  within(into, "composer-files").hidden = into.files.size === 0;
  if (into.form.isConnected) into.form.dispatchEvent(new Event("composer-files"));
}

function explain(into, words) {
  const problem = within(into, "composer-problem");
  problem.textContent = words;
  problem.hidden = !words;
  if (words && !into.form.isConnected) into.from.tell(words);
}
