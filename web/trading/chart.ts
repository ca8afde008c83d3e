/**
 * The picture of candles and volume. Drawn by TradingView Lightweight Charts(TM), Copyright (c) 2025 TradingView, Inc.,
 * https://www.tradingview.com/, under the Apache License 2.0.
 */
import { CandlestickSeries, ColorType, HistogramSeries, TickMarkType, createChart } from 'lightweight-charts';
import type { CandlestickData, HistogramData, IChartApi, UTCTimestamp } from 'lightweight-charts';
import type { Candle } from './candles';

export interface CandleChart {
  show(candles: readonly Candle[], fit: boolean): void;
  /** These are the last ones, and no older one has changed. */
  update(candles: readonly Candle[]): void;
  language(locale: string): void;
  remove(): void;
}

interface Wishes {
  readonly decimals: number;
  readonly locale: string;
  /** The reader has come to the oldest candles. */
  onLeftEnd(): void;
}

const NEAR_THE_END = 20;
const SHOWN_FIRST = 120;

const timeOf = (at: number): UTCTimestamp => (at / 1000) as UTCTimestamp;

/** The colours of the page as they are now: light or dark. */
function colours(place: HTMLElement) {
  const style = getComputedStyle(place);
  const named = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: named('--soft'),
    line: named('--line'),
    up: named('--up'),
    down: named('--down'),
    upSoft: named('--up-soft'),
    downSoft: named('--down-soft'),
    card: named('--card'),
  };
}

/** Times in the reader's own zone, digits from left to right in every language. */
function times(locale: string) {
  const format = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(`${locale}-u-nu-latn`, options);
  const [full, clock, day, month, year] = [
    format({ dateStyle: 'medium', timeStyle: 'short' }),
    format({ hour: '2-digit', minute: '2-digit' }),
    format({ day: 'numeric', month: 'short' }),
    format({ month: 'short' }),
    format({ year: 'numeric' }),
  ];
  const byMark = {
    [TickMarkType.Year]: year,
    [TickMarkType.Month]: month,
    [TickMarkType.DayOfMonth]: day,
    [TickMarkType.Time]: clock,
    [TickMarkType.TimeWithSeconds]: clock,
  };
  return {
    full: (seconds: number) => full.format(seconds * 1000),
    mark: (seconds: number, mark: TickMarkType) => byMark[mark].format(seconds * 1000),
  };
}

export function createCandleChart(place: HTMLElement, { decimals, locale, onLeftEnd }: Wishes): CandleChart {
  let paint = colours(place);
  const chart = createChart(place, {
    autoSize: true,
    layout: {
      background: { type: ColorType.Solid, color: 'transparent' },
      attributionLogo: false,
      fontFamily: 'system-ui, sans-serif',
      fontSize: 11,
    },
    timeScale: { timeVisible: true, secondsVisible: false, rightOffset: 4 },
    rightPriceScale: { scaleMargins: { top: 0.06, bottom: 0.24 } },
    // The page scrolls when a finger moves up or down over the picture.
    handleScroll: { vertTouchDrag: false },
  });
  const candles = chart.addSeries(CandlestickSeries, {
    priceFormat: { type: 'price', precision: decimals, minMove: 1 / 10 ** decimals },
  });
  const volume = chart.addSeries(HistogramSeries, {
    priceFormat: { type: 'volume' },
    priceScaleId: '',
    lastValueVisible: false,
    priceLineVisible: false,
  });
  volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
  const candle = ({ at, open, high, low, close }: Candle): CandlestickData => ({
    time: timeOf(at),
    open,
    high,
    low,
    close,
  });
  const bar = ({ at, volume: value, open, close }: Candle): HistogramData => ({
    time: timeOf(at),
    value,
    color: close >= open ? paint.upSoft : paint.downSoft,
  });
  let shown: readonly Candle[] = [];
  const dress = (): void => {
    paint = colours(place);
    dressChart(chart, paint);
    candles.applyOptions({
      upColor: paint.up,
      downColor: paint.down,
      wickUpColor: paint.up,
      wickDownColor: paint.down,
      borderVisible: false,
    });
    volume.setData(shown.map(bar));
  };
  const language = (name: string): void => speak(chart, name);
  const theme = matchMedia('(prefers-color-scheme: dark)');
  theme.addEventListener('change', dress);
  dress();
  language(locale);
  chart
    .timeScale()
    .subscribeVisibleLogicalRangeChange(
      (range) => range && shown.length > 0 && range.from < NEAR_THE_END && onLeftEnd(),
    );
  return {
    show: (all, fit) => {
      shown = all;
      candles.setData(all.map(candle));
      volume.setData(all.map(bar));
      if (fit) chart.timeScale().setVisibleLogicalRange({ from: all.length - SHOWN_FIRST, to: all.length + 4 });
    },
    update: (last) => {
      for (const one of last) {
        candles.update(candle(one));
        volume.update(bar(one));
      }
    },
    language,
    remove: () => {
      theme.removeEventListener('change', dress);
      chart.remove();
    },
  };
}

function dressChart(chart: IChartApi, { ink, line }: ReturnType<typeof colours>): void {
  chart.applyOptions({
    layout: { textColor: ink },
    grid: { vertLines: { color: line }, horzLines: { color: line } },
    rightPriceScale: { borderColor: line },
    timeScale: { borderColor: line },
    crosshair: {
      vertLine: { color: ink, labelBackgroundColor: ink },
      horzLine: { color: ink, labelBackgroundColor: ink },
    },
  });
}

function speak(chart: IChartApi, locale: string): void {
  const { full, mark } = times(locale);
  chart.applyOptions({
    localization: { timeFormatter: (time: UTCTimestamp) => full(time) },
    timeScale: { tickMarkFormatter: (time: UTCTimestamp, kind: TickMarkType) => mark(time, kind) },
  });
}
