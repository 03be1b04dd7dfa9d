// Runs before the first paint, so that no page flashes in the wrong theme.
try {
  const theme = localStorage.getItem("easel.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage may be forbidden; the system's theme is a good answer.
}
document.documentElement.classList.add("has-js");
