// Answers that are not what was asked for, in sentences with a way out.

const IMPROPER = "The server did not answer properly. Try again: what arrived already is not made twice.";
const WORDS = {
  413: "This is too large. A photo may have at most 20 MB. Not charged.",
  429: "That was a little fast. Wait a minute, then go on. Not charged.",
};

/** Only fragments that our own server marked are taken into the page. */
export function isOurs(xhr) {
  return xhr.getResponseHeader("X-Easel") === "fragment";
}

/** The sentence, and perhaps a way: {label, href} or {label, act}. */
export function problem(xhr) {
  if (xhr.status === 401) return { sentence: "You are signed out. Not charged.", way: signIn() };
  if (xhr.status < 400 || xhr.status >= 500) return { sentence: IMPROPER };
  const words = ownWords(xhr.responseText);
  const sentence = words ? `${words} Not charged.` : WORDS[xhr.status] ?? IMPROPER;
  return { sentence, way: xhr.status === 403 && words ? reload() : null };
}

export function signIn() {
  return { label: "Sign in again", href: "/accounts/login/?next=/" };
}

function reload() {
  return { label: "Load the page again", act: () => location.reload() };
}

/** Our pages of errors are whole pages; their words are shown beside the prompt. */
function ownWords(html) {
  const page = new DOMParser().parseFromString(html, "text/html").querySelector("[data-problem]");
  const words = [...(page?.querySelectorAll("h1, h1 + p") ?? [])].map((each) => each.textContent.trim().replace(/\.?$/, "."));
  return words.join(" ");
}
