// What makes the pages pleasant. Without it all of them work, but for the player:
// links are links, and a search is a form.

const main = () => document.getElementById("main");
const player = document.getElementById("player");
const audio = player.querySelector("audio");
const storedTitle = document.title;

document.documentElement.classList.add("scripted");

// Pages: only what is inside main changes, so that music goes on.

let asking = null;

async function show(address, { push = true, keepFocus = false } = {}) {
  asking?.abort();
  const mine = (asking = new AbortController());
  let answer;
  try {
    answer = await fetch(address, { signal: mine.signal });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine.signal.aborted) return;
    main().replaceChildren(...page.getElementById("main").childNodes);
    document.title = page.title || storedTitle;
  } catch (error) {
    if (error.name !== "AbortError") location.href = address;
    return;
  }
  if (push) history.pushState(null, "", address);
  if (!keepFocus) {
    scrollTo(0, 0);
    main().focus({ preventScroll: true });
  }
  prepare();
}

function isOwnPage(link) {
  const rooms = /^\/($|browse\/|item\/|search|now$)/;
  return link.origin === location.origin && rooms.test(link.pathname) && !link.download;
}

document.addEventListener("click", (event) => {
  const plain = !event.metaKey && !event.ctrlKey && !event.shiftKey && event.button === 0;
  const link = event.target.closest("a[href]");
  if (link && plain && isOwnPage(link)) {
    event.preventDefault();
    if (link.dataset.slide) openSlides(link);
    else show(link.href);
  }
  const button = event.target.closest("button[data-play]");
  if (button) playFrom(button);
  if (event.target.closest("button.all")) playFrom(main().querySelector("button[data-play]"));
});

addEventListener("popstate", () => show(location.href, { push: false }));

// Search: answers while somebody types.

const field = document.querySelector("input[type=search]");
let pause = 0;

field.form.addEventListener("submit", (event) => {
  event.preventDefault();
  search();
});
field.addEventListener("input", () => {
  clearTimeout(pause);
  pause = setTimeout(search, 150);
});

function search() {
  clearTimeout(pause);
  const query = field.value.trim();
  if (!query) return;
  const address = `/search?q=${encodeURIComponent(query)}`;
  const isSearch = location.pathname === "/search";
  show(address, { push: !isSearch, keepFocus: true });
  if (isSearch) history.replaceState(null, "", address);
}

// Music: all pieces of a page, one after the other.

let queue = [];
let place = 0;

function playFrom(button) {
  if (!button) return;
  const buttons = [...main().querySelectorAll("button[data-play]")];
  queue = buttons.map((one) => ({ ...one.dataset }));
  play(buttons.indexOf(button));
}

function play(number) {
  const piece = queue[number];
  if (!piece) return;
  place = number;
  audio.src = piece.play;
  audio.play().catch(() => {});
  player.hidden = false;
  player.querySelector(".title").textContent = piece.title;
  player.querySelector(".artist").textContent = piece.artist;
  player.querySelector(".art").src = piece.art || "/icon/48.png";
  if ("mediaSession" in navigator) {
    navigator.mediaSession.metadata = new MediaMetadata({
      title: piece.title,
      artist: piece.artist,
      artwork: piece.art ? [{ src: piece.art }] : [],
    });
  }
  markPlaying();
}

function markPlaying() {
  for (const button of document.querySelectorAll("button[data-play]")) {
    const isNow = !player.hidden && queue[place]?.play === button.dataset.play;
    button.closest("li").classList.toggle("now", isNow);
  }
}

audio.addEventListener("ended", () => play(place + 1));
audio.addEventListener("error", () => audio.error && play(place + 1));
player.querySelector(".next").addEventListener("click", () => play(place + 1));
player.querySelector(".previous").addEventListener("click", () => play(place - 1));
if ("mediaSession" in navigator) {
  navigator.mediaSession.setActionHandler("nexttrack", () => play(place + 1));
  navigator.mediaSession.setActionHandler("previoustrack", () => play(place - 1));
}

// Films: go on where somebody stopped; subtitles as browsers don't read them.

async function addSubtitles(video) {
  const answer = await fetch(video.dataset.subtitle);
  if (!answer.ok) return;
  const track = video.addTextTrack("subtitles", "SRT");
  const time = String.raw`(\d+):(\d\d):(\d\d)[,.](\d{1,3})`;
  const cue = new RegExp(`${time}\\s*-->\\s*${time}[^\\n]*\\n([\\s\\S]*?)(?:\\n\\s*\\n|$)`, "g");
  const text = (await answer.text()).replaceAll("\r", "");
  for (const [, h, m, s, ms, h2, m2, s2, ms2, words] of text.matchAll(cue)) {
    const start = h * 3600 + m * 60 + +s + ms / 1000;
    const end = h2 * 3600 + m2 * 60 + +s2 + ms2 / 1000;
    track.addCue(new VTTCue(start, end, words.trim()));
  }
  track.mode = "showing";
}

function prepare() {
  const video = main().querySelector("video");
  if (video) {
    audio.pause();
    const begun = Number(video.dataset.begun);
    if (begun) video.addEventListener("loadedmetadata", () => (video.currentTime = begun), { once: true });
    if (video.dataset.subtitle) addSubtitles(video).catch(() => {});
  }
  for (const source of main().querySelectorAll("video > source, audio > source")) {
    source.addEventListener("error", () => {
      const media = source.parentElement;
      media.replaceWith(...media.querySelectorAll(".cannot"));
    });
  }
  markPlaying();
  follow();
}

// What moves: pages that show it are told when it does, and only what is new in them
// changes, so that nobody loses his place.

let events = null;
let followed = "";
const shortest = { catalog: 10_000 }; // ms between two looks

function follow() {
  const wanted = document.hidden ? "" : main().querySelector("[data-live]")?.dataset.live ?? "";
  if (wanted === followed) return;
  events?.close();
  followed = wanted;
  events = wanted && new EventSource("/events");
  for (const name of wanted.split(" ").filter(Boolean)) {
    let told = null;
    let pause = 0;
    events.addEventListener(name, ({ data }) => {
      const isNew = told !== null && told !== data;
      told = data;
      if (!isNew || pause) return;
      refresh();
      if (name in shortest) pause = setTimeout(() => (pause = 0), shortest[name]);
    });
  }
}

document.addEventListener("visibilitychange", () => {
  follow();
  if (followed) refresh(); // nobody told what happened meanwhile
});

async function refresh() {
  const address = location.href;
  const answer = await fetch(address).catch(() => null);
  if (!answer?.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [old, fresh] = [main(), page].map((one) => one.querySelector("[data-live]"));
  if (!old || !fresh || location.href !== address) return;
  const parts = [old, fresh].map((one) => [...one.querySelectorAll("[data-key]")]);
  const [before, now] = parts.map((those) => those.map((one) => one.dataset.key).join());
  if (!now || before !== now) {
    const href = old.contains(document.activeElement) && document.activeElement.getAttribute("href");
    old.replaceWith(fresh);
    if (href) fresh.querySelector(`a[href="${CSS.escape(href)}"]`)?.focus({ preventScroll: true });
    return;
  }
  parts[0].forEach((one, n) => {
    for (const told of [".told", "progress"]) {
      const [to, from] = [one, parts[1][n]].map((each) => each.querySelector(told));
      if (to && from) [to.textContent, to.value] = [from.textContent, from.value];
    }
  });
}

// Photos: over the whole page, one after the other.

function openSlides(link) {
  const links = [...main().querySelectorAll("a[data-slide]")];
  let number = links.indexOf(link);
  let show = 0;
  const dialog = document.createElement("dialog");
  const picture = document.createElement("img");
  const name = document.createElement("p");
  const buttons = document.createElement("div");
  dialog.append(picture, name, buttons);

  const go = (step) => {
    number = (number + step + links.length) % links.length;
    picture.src = links[number].dataset.slide;
    picture.alt = name.textContent = links[number].dataset.title;
    new Image().src = links[(number + 1) % links.length].dataset.slide;
  };
  const run = () => {
    clearInterval(show);
    show = show ? 0 : setInterval(() => go(1), 5000);
  };
  const add = (label, symbol, action) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = symbol;
    button.setAttribute("aria-label", label);
    button.addEventListener("click", action);
    buttons.append(button);
  };
  const words = document.documentElement.dataset;
  add(words.previous, "‹", () => go(-1));
  add(words.next, "›", () => go(1));
  add(words.slides, "▶", run);
  add(words.close, "✕", () => dialog.close());
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") go(1);
    if (event.key === "ArrowLeft") go(-1);
  });
  dialog.addEventListener("close", () => {
    clearInterval(show);
    dialog.remove();
    links[number].focus();
  });
  document.body.append(dialog);
  go(0);
  dialog.showModal();
}

prepare();
