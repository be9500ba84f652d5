// @ts-check
// Runs before anything is painted: tells the server this browser's time zone, and asks again for a
// page that was written in another. So the first page that a colleague opens by a link is right, too.

(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const root = document.documentElement;
  if (!zone || (zone === root.dataset["zone"] && !("zoneGuessed" in root.dataset))) return;
  document.cookie = `hm_tz=${zone}; path=/; max-age=31536000; samesite=lax`;
  if (zone === root.dataset["zone"]) return;
  // Once only: a browser may keep no cookies, and a server may not know the zone. The page then
  // converts its times itself.
  const asked = "hm_tz_asked";
  try {
    if (sessionStorage.getItem(asked) === zone) return;
    sessionStorage.setItem(asked, zone);
  } catch {
    return;
  }
  root.hidden = true;
  location.reload();
})();
