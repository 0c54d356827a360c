import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
} from "chart.js";
import { formatCompact, formatMoney } from "../format.js";

Chart.register(
  BarController,
  BarElement,
  CategoryScale,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  PointElement,
  Tooltip,
);

/** A chart of amounts in the colours of the page, whose series are `{ label, values, color }`. */
export function draw(canvas, { type, labels, series, horizontal }) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(`--${name}`).trim();
  const amounts = {
    beginAtZero: true,
    grid: { color: color("line"), drawTicks: false },
    border: { display: false },
    ticks: {
      color: color("muted"),
      padding: 8,
      maxTicksLimit: 6,
      callback: (value) => formatCompact(value),
    },
  };
  const names = {
    grid: { display: false },
    border: { color: color("line") },
    ticks: { color: color("muted"), autoSkip: !horizontal, maxRotation: 0, autoSkipPadding: 12 },
  };
  return new Chart(canvas, {
    type,
    data: {
      labels,
      datasets: series.map(({ label, values, color: name }) => ({
        label,
        // Only where a bar ends is a number; the texts are shown.
        data: values.map((value) => (value === null ? null : Number(value))),
        texts: values,
        backgroundColor: color(name),
        borderColor: color(name),
        borderWidth: type === "line" ? 2 : 0,
        borderRadius: 3,
        pointRadius: 0,
        pointHoverRadius: 4,
        categoryPercentage: 0.72,
        barPercentage: 0.92,
      })),
    },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: horizontal ? "y" : "x",
      interaction: { mode: "index", intersect: false, axis: horizontal ? "y" : "x" },
      font: { family: "system-ui, sans-serif" },
      scales: horizontal ? { x: amounts, y: names } : { x: names, y: amounts },
      plugins: {
        legend: {
          display: series.length > 1,
          align: "end",
          labels: {
            color: color("text"),
            boxWidth: 10,
            boxHeight: 10,
            useBorderRadius: true,
            borderRadius: 2,
          },
        },
        tooltip: {
          backgroundColor: color("tip"),
          titleColor: color("tip-text"),
          bodyColor: color("tip-text"),
          padding: 10,
          boxPadding: 4,
          callbacks: {
            label: ({ dataset, dataIndex }) =>
              `${dataset.label}: ${formatMoney(dataset.texts[dataIndex])}`,
          },
        },
      },
    },
  });
}

/** Shows the tip of one place, as the mouse does; returns what it says. */
export function point(chart, index) {
  const items = chart.data.datasets.map((_, datasetIndex) => ({ datasetIndex, index }));
  chart.setActiveElements(items);
  chart.tooltip.setActiveElements(items, { x: 0, y: 0 });
  chart.update();
  const texts = chart.data.datasets.map(
    ({ label, texts }) => `${label} ${formatMoney(texts[index])}`,
  );
  return `${chart.data.labels[index]}: ${texts.join(", ")}`;
}
