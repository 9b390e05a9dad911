//! Are the parameters in their ranges, and do they go together?

use crate::Error;
use crate::phantom::{Anatomy, Phantom, Sign};
use crate::shortcuts::{Recorded, Target};

impl Phantom {
    /// Checks that every parameter is in its range and that they go together.
    ///
    /// # Errors
    /// [`Error::Range`], [`Error::Combination`].
    pub fn checked(&self) -> Result<&Self, Error> {
        let share = |field: &str, p: f64| {
            if (0.0..=1.0).contains(&p) { Ok(()) } else { Err(Error::range(field, p, "0 to 1")) }
        };
        let within = |field: &str, value: f64, lo: f64, hi: f64| {
            if (lo..=hi).contains(&value) {
                return Ok(());
            }
            Err(Error::range(field, value, format!("{lo} to {hi}")))
        };
        within("size", self.size as f64, 48.0, 1024.0)?;
        within("patients", self.patients as f64, 1.0, 1e6)?;
        within("visits[0]", self.visits[0] as f64, 1.0, 100.0)?;
        within("visits[1]", self.visits[1] as f64, self.visits[0] as f64, 100.0)?;
        within("strength", f64::from(self.strength), 0.0, 2.0)?;
        within("older", f64::from(self.older), -30.0, 30.0)?;
        share("prevalence", self.prevalence)?;
        share("mixed", self.mixed)?;
        share("development", self.development)?;
        self.male.check("male")?;
        self.supine.check("supine")?;
        if self.anatomy == Anatomy::Fundus && self.sign != Sign::Opacity {
            return Err(Error::Combination(format!(
                "a fundus shows its own sign, {:?} is of the chest",
                self.sign
            )));
        }
        self.check_sites()?;
        self.check_shortcuts()?;
        self.check_names()?;
        Ok(self)
    }

    fn check_sites(&self) -> Result<(), Error> {
        for site in &self.sites {
            site.share.check(&format!("site `{}`: share", site.name))?;
            site.camera.check()?;
        }
        let total = |label| self.sites.iter().map(|s| s.share.given(label)).sum::<f64>();
        if total(true) <= 0.0 || total(false) <= 0.0 {
            return Err(Error::Combination(
                "sites: no site takes ill, or none takes healthy patients".into(),
            ));
        }
        let mut names: Vec<&str> = self.sites.iter().map(|s| s.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(Error::Combination(format!("sites: two are called `{}`", pair[0]))),
            None => Ok(()),
        }
    }

    fn check_shortcuts(&self) -> Result<(), Error> {
        let mut columns = vec!["age", "sex", "view", "site", "camera", "eye", "cohort"];
        let target = Target { anatomy: self.anatomy, sign: self.sign, size: self.size };
        for shortcut in &self.shortcuts {
            let plant = shortcut.what.plant();
            plant.check(target)?;
            shortcut.when.check(plant.column())?;
            if columns.contains(&plant.column()) {
                return Err(Error::Combination(format!(
                    "shortcuts: the metadata column `{}` is taken; plant each kind once",
                    plant.column()
                )));
            }
            columns.push(plant.column());
        }
        Ok(())
    }

    /// A camera or site that a shortcut brings along has a name of its own: the column tells it from all others.
    fn check_names(&self) -> Result<(), Error> {
        let mut cameras: Vec<&str> = self.sites.iter().map(|s| s.camera.name.as_str()).collect();
        let mut sites: Vec<&str> = self.sites.iter().map(|s| s.name.as_str()).collect();
        for shortcut in &self.shortcuts {
            let plant = shortcut.what.plant();
            let (kind, names, name) = match plant.recorded() {
                Recorded::Camera(name) => ("camera", &mut cameras, name),
                Recorded::Site(name) => ("site", &mut sites, name),
                Recorded::Nowhere | Recorded::Column => continue,
            };
            if name.trim().is_empty() || names.contains(&name) {
                let problem =
                    format!("{}: the {kind} `{name}` needs a name that no other has", plant.column());
                return Err(Error::Combination(problem));
            }
            names.push(name);
        }
        Ok(())
    }
}
