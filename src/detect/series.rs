//! Does a series of measurements grow with the requests, and has it stopped?

/// What a series does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trend {
    /// Flat, within its noise.
    Stable,
    /// It rises and keeps rising.
    Growing,
    /// It rose and has stopped.
    Plateaued,
    /// It rises, too little or too unevenly to say more.
    Undecided,
}

/// A series of one measurement over the number of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Units per request: the median of the slopes between all pairs of points (Theil, 1950; Sen, 1968),
    /// which one odd point cannot bend.
    pub slope: f64,
    /// The same over the later half.
    pub late_slope: f64,
    /// How much the series rose from the first point to the last, by its slope: one odd point at an end does not count.
    pub growth: f64,
    /// The same over the later half.
    pub late_growth: f64,
    /// How many of the steps from point to point rise by more than a tenth of the mean step.
    pub rising_steps: usize,
    /// How many steps there are.
    pub steps: usize,
    /// What the series does.
    pub trend: Trend,
}

/// The share of the overall slope below which the later half counts as having stopped.
const STOPPED_BELOW: f64 = 0.4;

/// Fits `points` (requests, value). `floor` is the growth, in the values' unit, below which nothing is claimed.
pub fn fit(points: &[(f64, f64)], floor: f64) -> Fit {
    let steps = points.len().saturating_sub(1);
    let late = &points[points.len() / 2..];
    let (slope, late_slope) = (median_slope(points), median_slope(late));
    let (growth, late_growth) = (slope * span(points), late_slope * span(late));
    let mean_step = growth / steps.max(1) as f64;
    let rising_steps = points.windows(2).filter(|pair| pair[1].1 - pair[0].1 > mean_step * 0.1).count();
    let trend = if growth <= floor || slope <= 0.0 {
        Trend::Stable
    } else if late_slope < slope * STOPPED_BELOW {
        Trend::Plateaued
    } else if steps >= 2 && rising_steps * 4 >= steps * 3 {
        Trend::Growing
    } else {
        Trend::Undecided
    };
    Fit { slope, late_slope, growth, late_growth, rising_steps, steps, trend }
}

fn span(points: &[(f64, f64)]) -> f64 {
    points.last().zip(points.first()).map_or(0.0, |(last, first)| last.0 - first.0)
}

fn median_slope(points: &[(f64, f64)]) -> f64 {
    let pairs = points.iter().enumerate().flat_map(|(i, a)| points[i + 1..].iter().map(move |b| (a, b)));
    let mut slopes: Vec<f64> =
        pairs.filter(|(a, b)| b.0 > a.0).map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect();
    slopes.sort_by(f64::total_cmp);
    match slopes.len() {
        0 => 0.0,
        n if n % 2 == 1 => slopes[n / 2],
        n => (slopes[n / 2 - 1] + slopes[n / 2]) / 2.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trend(values: &[f64], floor: f64) -> Trend {
        let points: Vec<_> = values.iter().enumerate().map(|(i, v)| (i as f64 * 100.0, *v)).collect();
        fit(&points, floor).trend
    }

    #[test]
    fn a_steady_rise_grows_and_a_filled_cache_has_plateaued() {
        assert_eq!(trend(&[0.0, 10.0, 20.0, 30.0, 40.0], 5.0), Trend::Growing);
        assert_eq!(trend(&[0.0, 20.0, 38.0, 40.0, 40.0, 40.0], 5.0), Trend::Plateaued);
        assert_eq!(trend(&[7.0, 9.0, 6.0, 8.0, 7.5], 5.0), Trend::Stable);
        assert_eq!(trend(&[0.0, 0.0, 0.0, 0.0, 30.0], 5.0), Trend::Stable);
    }

    #[test]
    fn one_odd_point_does_not_bend_the_slope() {
        let points: Vec<_> =
            (0..9).map(|i| (i as f64, if i == 4 { 500.0 } else { i as f64 * 2.0 })).collect();
        assert_eq!(fit(&points, 1.0).slope, 2.0);
        let mut late = points.clone();
        (late[0].1, late[8].1) = (90.0, 0.0);
        assert_eq!(fit(&late, 1.0).growth, 16.0);
    }

    #[test]
    fn no_points_and_one_point_are_stable() {
        assert_eq!(fit(&[], 0.0).trend, Trend::Stable);
        assert_eq!(fit(&[(1.0, 5.0)], 0.0).trend, Trend::Stable);
    }
}
