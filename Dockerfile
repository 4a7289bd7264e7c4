# One image for every process: `changtong serve`, `changtong signals run`, `changtong signals emulate`.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock ./
RUN python -m venv /opt/changtong && /opt/changtong/bin/pip install --no-cache-dir --no-deps --require-hashes -r requirements.lock
COPY . .
RUN /opt/changtong/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.12-slim-bookworm
# SUMO's wheels expect these even where nothing is drawn (signals/simulation/binaries.py)
RUN apt-get update && apt-get install -y --no-install-recommends libatomic1 libgl1 libx11-6 libxext6 libxrender1 \
  && rm -rf /var/lib/apt/lists/*
RUN useradd --create-home --uid 10001 changtong && mkdir -p /var/lib/changtong && chown changtong /var/lib/changtong
COPY --from=build /opt/changtong /opt/changtong
COPY config /etc/changtong
ENV PATH=/opt/changtong/bin:$PATH CHANGTONG_CACHE=/var/lib/changtong NUMBA_CACHE_DIR=/var/lib/changtong/numba HOST=0.0.0.0 PORT=8080
USER changtong
VOLUME /var/lib/changtong
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/api/v1/health', timeout=2)"]
CMD ["changtong", "serve"]
