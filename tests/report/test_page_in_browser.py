"""The report page in headless Chromium: hover, zoom, axes, the animation; nothing is asked of a network."""

from __future__ import annotations

import shutil

import pytest
from conftest import skip_without
from ember_ml import es

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser():
    skip_without("playwright")
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        found = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    run = es.train("CartPole-v1", generations=40, seed=5, progress=False)
    return run.report(tmp_path_factory.mktemp("page") / "report.html")


@pytest.fixture(params=[1280, 390])
def page(request, browser, file):
    opened = browser.new_page(viewport={"width": request.param, "height": 900})
    opened.said = []
    opened.asked = []
    opened.on("console", lambda message: opened.said.append(message.text))
    opened.on("pageerror", lambda error: opened.said.append(str(error)))
    opened.on("request", lambda request: opened.asked.append(request.url))
    opened.goto(file.as_uri())
    opened.wait_for_selector("#curve svg path")
    yield opened
    assert opened.said == []
    assert [url for url in opened.asked if not url.startswith(("file:", "data:"))] == []
    opened.close()


def ticks(page):
    return page.locator("#curve svg .tick").all_text_contents()


def test_it_fits_its_width(page):
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]
    assert page.locator("#curve svg").bounding_box()["height"] >= 250


def test_hover_zoom_and_axes(page):
    box = page.locator("#curve svg").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.6, middle)
    assert page.locator(".tip").inner_text().startswith("generation 2")
    assert "policy, mean of 5 generations: " in page.locator(".tip").inner_text()
    before = ticks(page)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=4)
    page.mouse.up()
    assert ticks(page) != before
    page.locator("#curve svg").dblclick()
    assert ticks(page) == before
    page.get_by_role("button", name="log axis").click()
    assert "10" in ticks(page) and "generation, counted from 1" in page.locator("#curve svg").text_content()
    page.get_by_role("button", name="environment steps").click()
    assert any("k" in tick for tick in ticks(page))


def test_a_name_hides_its_curve(page):
    curves = page.locator("#curve svg g path").count()
    page.get_by_role("button", name="best member").click()
    assert page.locator("#curve svg g path").count() == curves - 1


def test_the_episode_plays(page):
    page.locator(".player").scroll_into_view_if_needed()
    page.get_by_role("button", name="pause").click()  # it begins by itself where it is seen
    page.locator(".player input").fill("470")
    assert page.locator(".said").inner_text() == "step 470 of 500"
    look = "document.querySelector('canvas').toDataURL()"
    first = page.evaluate(look)
    page.get_by_role("button", name="play").click()
    page.get_by_text("step 500 of 500, time limit").wait_for()
    assert page.evaluate(look) != first
