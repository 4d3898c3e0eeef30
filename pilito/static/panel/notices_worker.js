// Shows notes of the system where a page may not, and opens what they lead to. It fetches nothing and keeps nothing:
// no word of a customer is ever in a cache.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(show(event.notification.data?.url));
});

async function show(url) {
  const wanted = new URL(url ?? "/conversations/", self.location.origin);
  if (wanted.origin !== self.location.origin) return;
  const pages = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const open = pages.find((page) => new URL(page.url).pathname.startsWith("/conversations"));
  if (!open) return self.clients.openWindow(wanted.href);
  open.postMessage({ open: wanted.href }); // main.js; a page that no worker controls cannot be led from here
  return open.focus();
}
