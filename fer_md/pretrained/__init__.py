"""The bundled networks: trained networks in the package."""
