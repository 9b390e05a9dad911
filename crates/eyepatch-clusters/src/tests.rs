use proptest::prelude::*;
use serde_json::Value;

use super::*;

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().unwrap().iter().map(|n| n.as_f64().unwrap()).collect()
}

fn golden() -> Vec<(Rows, Value)> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../tests/golden/clusters.json")).unwrap();
    assert_eq!(cases.len(), 4);
    let rows = |c: &Value| Rows::new(numbers(&c["rows"]), c["columns"].as_u64().unwrap() as usize).unwrap();
    cases.into_iter().map(|c| (rows(&c), c)).collect()
}

/// Whether two lists part rows alike, whatever the groups' names.
fn same_partition<A: PartialEq, B: PartialEq>(a: &[A], b: &[B]) -> bool {
    let n = a.len();
    n == b.len() && (0..n).all(|i| (0..i).all(|j| (a[i] == a[j]) == (b[i] == b[j])))
}

#[test]
fn equals_scikit_learn() {
    for (rows, case) in golden() {
        let count = case["count"].as_u64().unwrap() as usize;
        let components = principal_components(&rows, count).unwrap();
        let explained = numbers(&case["explained"]);
        assert_eq!(components.explained.len(), explained.len());
        for (ours, theirs) in components.explained.iter().zip(&explained) {
            assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
        }
        let on = components.project(&rows).unwrap();
        for (i, theirs) in numbers(&case["distances"]).iter().enumerate() {
            assert!((on.distance(0, i) - theirs).abs() < 1e-9);
        }

        let labels: Vec<usize> = numbers(&case["labels"]).iter().map(|l| *l as usize).collect();
        for (ours, theirs) in silhouettes(&on, &labels).iter().zip(numbers(&case["silhouettes"])) {
            assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
        }
        let found = k_means(&on, case["k"].as_u64().unwrap() as usize, 20, 1).unwrap().unwrap();
        let inertia = case["inertia"].as_f64().unwrap();
        assert!(
            found.inertia < 1.01 * inertia && found.inertia > 0.99 * inertia,
            "{} {inertia}",
            found.inertia
        );

        let neighbourhood = Neighbourhood { min_points: 5, radius: case["radius"].as_f64() };
        let found = density(&on, neighbourhood).unwrap();
        let theirs: Vec<i64> =
            case["density"].as_array().unwrap().iter().map(|v| v.as_i64().unwrap()).collect();
        assert!(same_partition(&found.groups, &theirs), "{:?} {theirs:?}", found.groups);
        assert_eq!(found.noise, theirs.iter().filter(|l| **l < 0).count());
        assert!(found.groups.iter().zip(&theirs).all(|(o, t)| o.is_none() == (*t < 0)));
    }
}

/// The first case has three blobs.
#[test]
fn finds_the_blobs_that_are_there() {
    let (rows, case) = golden().swap_remove(0);
    let found = Clustering::default().run(&rows).unwrap();
    let labels = numbers(&case["labels"]);
    assert!(same_partition(&found.groups, &labels) && found.substantial(), "{:?}", found.tried);
    let best = found.tried.iter().max_by(|a, b| a.silhouette.total_cmp(&b.silhouette)).unwrap();
    assert_eq!((best.k, best.silhouette, found.clusters.len()), (3, found.silhouette, 3));
    for (g, cluster) in found.clusters.iter().enumerate() {
        assert!(cluster.members.iter().all(|i| found.groups[*i] == g));
        let first = cluster.representatives[0];
        let on = Rows::new(found.coordinates.clone(), found.components.explained.len()).unwrap();
        let sum = |i: usize| cluster.members.iter().map(|j| on.distance(i, *j)).sum::<f64>();
        assert!(cluster.members.iter().all(|i| sum(first) <= sum(*i) + 1e-12));
        assert_eq!(cluster.representatives.len(), 5.min(cluster.members.len()));
    }
    assert!(found.clusters.windows(2).all(|w| w[0].members.len() >= w[1].members.len()));
    let (cloud, _) = golden().swap_remove(2);
    let cloud = Clustering::default().run(&cloud).unwrap();
    assert!(!cloud.substantial(), "{}", cloud.silhouette);
}

#[test]
fn threads_and_repetition_change_nothing() {
    let (rows, _) = golden().swap_remove(1);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| Clustering { seed: 9, ..Clustering::default() }.run(&rows).unwrap())
    };
    let one = run(1);
    assert_eq!(one, run(3));
    assert_eq!(one, run(8));
    let text = serde_json::to_string(&one).unwrap();
    assert_eq!(serde_json::from_str::<Clusters>(&text).unwrap(), one);
}

fn tables() -> impl Strategy<Value = Rows> {
    (1..5_usize, 2..25_usize).prop_flat_map(|(columns, n)| {
        prop::collection::vec(-6..=6_i32, columns * n).prop_map(move |v| {
            Rows::new(v.into_iter().map(|v| f64::from(v) / 2.0).collect(), columns).unwrap()
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Components are of length 1, at right angles, and turn the variances of the rows into theirs.
    #[test]
    fn components_keep_what_they_should(rows in tables()) {
        let Ok(found) = principal_components(&rows, rows.columns()) else {
            prop_assert!(rows.iter().all(|r| r == rows.row(0)));
            return Ok(());
        };
        for (i, a) in found.loadings.iter().enumerate() {
            for (j, b) in found.loadings.iter().enumerate() {
                let product: f64 = a.iter().zip(b).map(|(a, b)| a * b).sum();
                prop_assert!((product - f64::from(u8::from(i == j))).abs() < 1e-6, "{}", product);
            }
        }
        prop_assert!((found.explained.iter().sum::<f64>() - 1.0).abs() < 1e-9);
        let on = found.project(&rows).unwrap();
        for i in 0..rows.len() {
            prop_assert!((on.distance(0, i) - rows.distance(0, i)).abs() < 1e-6);
        }
    }

    /// From the definition, with lists.
    #[test]
    fn silhouettes_equal_their_twin(rows in tables(), groups in prop::collection::vec(0..4_usize, 25)) {
        let groups = &groups[..rows.len()];
        for (i, found) in silhouettes(&rows, groups).into_iter().enumerate() {
            let mean = |g: usize| {
                let others: Vec<f64> =
                    (0..rows.len()).filter(|j| *j != i && groups[*j] == g).map(|j| rows.distance(i, j)).collect();
                (!others.is_empty()).then(|| others.iter().sum::<f64>() / others.len() as f64)
            };
            let nearest = (0..4).filter(|g| *g != groups[i]).filter_map(mean).min_by(f64::total_cmp);
            let slow = match (mean(groups[i]), nearest) {
                (Some(a), Some(b)) if a.max(b) > 0.0 => (b - a) / a.max(b),
                _ => 0.0,
            };
            prop_assert!((found - slow).abs() < 1e-12);
        }
    }

    /// Every row lies nearest to its own group's mean, and no partition of all is better than the best.
    #[test]
    fn two_means_are_at_rest(v in prop::collection::vec(-20..20_i32, 3..9)) {
        let v: Vec<f64> = v.into_iter().map(f64::from).collect();
        let rows = Rows::new(v.clone(), 1).unwrap();
        let Some(found) = k_means(&rows, 2, 20, 4).unwrap() else {
            prop_assert!(v.iter().all(|x| *x == v[0]));
            return Ok(());
        };
        let of = |in_first: &dyn Fn(usize) -> bool| -> [Vec<f64>; 2] {
            let part = |first| (0..v.len()).filter(|i| in_first(*i) == first).map(|i| v[i]).collect();
            [part(true), part(false)]
        };
        let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
        let inertia = |of: &[f64]| of.iter().map(|x| (x - mean(of)).powi(2)).sum::<f64>();
        let ours = of(&|i| found.groups[i] == 0);
        prop_assert!((ours.iter().map(|p| inertia(p)).sum::<f64>() - found.inertia).abs() < 1e-9);
        let means = [mean(&ours[0]), mean(&ours[1])];
        for (x, g) in v.iter().zip(&found.groups) {
            prop_assert!((x - means[*g]).abs() <= (x - means[1 - g]).abs() + 1e-9);
        }
        let best = (1..(1_u32 << v.len()) - 1)
            .map(|bits| of(&|i| bits >> i & 1 == 1).iter().map(|p| inertia(p)).sum::<f64>())
            .fold(f64::INFINITY, f64::min);
        prop_assert!(found.inertia >= best - 1e-9);
    }

    /// Cores by counting; clusters of cores as connected parts.
    #[test]
    fn density_equals_its_twin(rows in tables(), min_points in 2..5_usize, radius in 0.3..2.5_f64) {
        prop_assume!(rows.len() >= min_points);
        let n = rows.len();
        // No tie decides.
        prop_assume!((0..n * n).all(|i| (rows.distance(i / n, i % n) - radius).abs() > 1e-6));
        let found = density(&rows, Neighbourhood { min_points, radius: Some(radius) }).unwrap();
        let near = |i: usize, j: usize| rows.distance(i, j) <= radius;
        let core: Vec<bool> = (0..n).map(|i| (0..n).filter(|j| near(i, *j)).count() >= min_points).collect();
        let mut part: Vec<usize> = (0..n).collect();
        for _ in 0..n {
            for i in 0..n {
                for j in 0..n {
                    if core[i] && core[j] && near(i, j) {
                        part[i] = part[i].min(part[j]);
                    }
                }
            }
        }
        for i in 0..n {
            let cores: Vec<usize> = (0..n).filter(|j| core[*j] && near(i, *j)).collect();
            prop_assert_eq!(found.groups[i].is_some(), !cores.is_empty());
            for j in 0..n {
                if core[i] && core[j] {
                    prop_assert_eq!(found.groups[i] == found.groups[j], part[i] == part[j]);
                }
            }
            if !cores.is_empty() {
                prop_assert!(cores.iter().any(|j| found.groups[*j] == found.groups[i]));
            }
        }
    }

    #[test]
    fn any_rows_end_in_an_answer(rows in tables(), seed in any::<u64>()) {
        match (Clustering { seed, ..Clustering::default() }).run(&rows) {
            Ok(found) => {
                prop_assert_eq!(found.groups.len(), rows.len());
                prop_assert_eq!(found.clusters.iter().map(|c| c.members.len()).sum::<usize>(), rows.len());
            }
            Err(ClusterError::TooFew { needed: 5, .. }) => prop_assert!(rows.len() < 5),
            // Most rows are the same one.
            Err(ClusterError::Constant | ClusterError::NoClusters { k: 2 }) => {
                let same = |i: usize| (0..rows.len()).filter(|j| rows.row(*j) == rows.row(i)).count();
                prop_assert!((0..rows.len()).filter(|i| same(*i) >= 5).count() * 10 >= rows.len() * 9);
            }
            Err(other) => prop_assert!(false, "{}", other),
        }
    }
}

#[test]
fn refusals() {
    assert_eq!(Rows::new(vec![1.0; 3], 2), Err(ClusterError::Shape { values: 3, columns: 2 }));
    assert_eq!(Rows::new(vec![], 2), Err(ClusterError::TooFew { rows: 0, needed: 1 }));
    let nan = Rows::new(vec![0.0, 0.0, 0.0, f64::NAN], 2);
    assert_eq!(nan, Err(ClusterError::NotFinite { row: 1, column: 1 }));
    let same = Rows::new(vec![1.0; 20], 2).unwrap();
    assert_eq!(principal_components(&same, 1), Err(ClusterError::Constant));
    assert_eq!(Clustering::default().run(&same), Err(ClusterError::Constant));
    assert_eq!(k_means(&same, 2, 3, 1), Ok(None));
    assert!(matches!(principal_components(&same, 0), Err(ClusterError::OutOfRange { .. })));
    assert!(matches!(k_means(&same, 0, 1, 1), Err(ClusterError::OutOfRange { name: "k", .. })));
    assert!(matches!(k_means(&same, 1, 0, 1), Err(ClusterError::OutOfRange { name: "starts", .. })));
    let (rows, _) = golden().swap_remove(0);
    let wrong = |n: Neighbourhood| density(&rows, n);
    assert!(wrong(Neighbourhood { min_points: 1, radius: None }).is_err());
    assert!(wrong(Neighbourhood { min_points: 3, radius: Some(f64::NAN) }).is_err());
    let wrong = Clustering { fewest: 1, ..Clustering::default() };
    assert!(matches!(wrong.run(&rows), Err(ClusterError::OutOfRange { name: "fewest", .. })));
    let found = principal_components(&rows, 2).unwrap();
    assert!(found.project(&same).is_err());
}
