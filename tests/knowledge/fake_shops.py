"""Shops over real HTTP: as much of WooCommerce's and Shopify's APIs as a catalogue needs, each with its own log."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

KEY, SECRET = "ck_test", "cs_test"
TOKEN = "shpat_test"


class FakeShop:
    """Answers by `script` first (status, body, headers), then as the shop that it is."""

    def __init__(self):
        self.asked = []
        self.script = []

    @property
    def settings(self):
        return {"pilito_demo": True, "pilito_demo_url": self.url}

    def answer(self, method, path, query, headers, body):
        raise NotImplementedError

    @contextmanager
    def serve(self):
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self._take(b"")

            def do_POST(self):
                self._take(self.rfile.read(int(self.headers["Content-Length"])))

            def _take(self, body):
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                shop.asked.append((parts.path, query))
                said = shop.script.pop(0) if shop.script else None
                said = said or shop.answer(self.command, parts.path, query, self.headers, body)
                status, content, headers = (*said, {})[:3]
                raw = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *args):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield self
        server.shutdown()
        server.server_close()


class FakeWoo(FakeShop):
    """`products` and `variations` (product id -> list) are what it sells."""

    def __init__(self):
        super().__init__()
        self.products = []
        self.variations = {}
        self.currency = "IRT"
        self.takes_header = True
        self.has_plain_links = False
        self.pages_read = 0
        self.when_read = {}  # how many pages were read -> what happens in the shop then

    def sell(self, number, name, price="", **values):
        product = {
            "id": number, "name": name, "type": "simple", "status": "publish", "price": price,
            "regular_price": price, "sku": f"W-{number}", "permalink": f"https://shop.test/p/{number}",
            "manage_stock": False, "stock_quantity": None, "stock_status": "instock",
        }  # fmt: skip
        self.products.append(product | values)
        return self.products[-1]

    def answer(self, method, path, query, headers, body):
        if self.has_plain_links:
            if path != "/" or "rest_route" not in query:
                return 404, b"<html>not found</html>"
            path = "/wp-json" + query["rest_route"]
        if not path.startswith("/wp-json/wc/v3/"):
            return 404, b"<html>not found</html>"
        expected = "Basic " + base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        by_header = self.takes_header and headers.get("Authorization") == expected
        by_query = (query.get("consumer_key"), query.get("consumer_secret")) == (KEY, SECRET)
        if not (by_header or by_query):
            return 401, {"code": "woocommerce_rest_cannot_view", "message": "Sorry, you cannot list resources."}
        name = path.removeprefix("/wp-json/wc/v3/")
        if name == "data/currencies/current":
            return 200, {"code": self.currency}
        if name == "products":
            return self._page(self.products, query)
        parts = name.split("/")
        if len(parts) == 3 and parts[2] == "variations":
            return self._page(self.variations.get(int(parts[1]), []), query)
        return 404, {"code": "rest_no_route", "message": "No route"}

    def _page(self, rows, query):
        size, number = int(query["per_page"]), int(query["page"])
        pages = -(-len(rows) // size)
        told = {"X-WP-Total": str(len(rows)), "X-WP-TotalPages": str(pages)}
        found = rows[(number - 1) * size : number * size]
        self.pages_read += 1
        self.when_read.pop(self.pages_read, lambda: None)()
        return 200, found, told


class FakeShopify(FakeShop):
    """`products` are nodes without their variants' pages; cursors are positions."""

    def __init__(self):
        super().__init__()
        self.products = []
        self.currency = "USD"
        self.tokens = {TOKEN}

    def sell(self, number, title, *variants, **values):
        product = {
            "id": f"gid://shopify/Product/{number}", "title": title, "descriptionHtml": "<p>Soft</p>",
            "productType": "Mug", "tags": ["clay"], "status": "ACTIVE", "onlineStoreUrl": f"https://x.test/{number}",
            "images": {"nodes": [{"url": "https://cdn.shopify.com/1.jpg"}]}, "variants": list(variants),
        }  # fmt: skip
        self.products.append(product | values)

    @staticmethod
    def variant(number, price, **values):
        return {
            "id": f"gid://shopify/ProductVariant/{number}", "sku": f"S-{number}", "price": price,
            "compareAtPrice": None, "availableForSale": True, "inventoryQuantity": 0,
            "inventoryItem": {"tracked": False}, "selectedOptions": [{"name": "Title", "value": "Default Title"}],
        } | values  # fmt: skip

    def answer(self, method, path, query, headers, body):
        if path == "/admin/oauth/access_token":
            form = dict(parse_qsl(body.decode()))
            if (form.get("client_id"), form.get("client_secret")) != (KEY, SECRET):
                return 400, {"error": "invalid_client"}
            self.tokens.add("day-token")
            return 200, {"access_token": "day-token", "expires_in": 86399}
        if headers.get("X-Shopify-Access-Token") not in self.tokens:
            return 401, {"errors": "[API] Invalid API key or access token"}
        asked = json.loads(body)
        start = int(asked["variables"].get("after") or 0)
        if "query Variants" in asked["query"]:
            product = next(one for one in self.products if one["id"] == asked["variables"]["id"])
            return 200, {"data": {"product": {"variants": self._page(product["variants"], start, 100)}}}
        page = self._page(self.products, start, 10)
        page["nodes"] = [one | {"variants": self._page(one["variants"], 0, 40)} for one in page["nodes"]]
        return 200, {"data": {"shop": {"currencyCode": self.currency}, "products": page}}

    def _page(self, rows, start, size):
        end = start + size
        info = {"hasNextPage": end < len(rows), "endCursor": str(end)}
        return {"nodes": rows[start:end], "pageInfo": info}
