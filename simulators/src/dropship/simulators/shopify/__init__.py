"""A Shopify of its own making: shops that obey Shopify's rules, fail on order, and are judged."""
