"""The invented patients and performers of the demo; no name belongs to anybody we know of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """One invented patient. `name` is a PN value, `born` a DA value."""

    number: int
    name: str
    born: str
    sex: str

    @property
    def patient_id(self) -> str:
        """Marked, so that no printed page can be taken for a real one."""
        return f"DEMO-{self.number:05d}"


@dataclass(frozen=True, slots=True)
class Staff:
    """A human performer: PN value and code value of the demo's own scheme."""

    name: str
    code: str


PATIENTS: tuple[Person, ...] = tuple(
    Person(10231 + 37 * index, name, born, sex)
    for index, (name, born, sex) in enumerate(
        (
            # The first two are easily taken for one another, on purpose.
            ("Novák^Jana", "19740312", "F"),
            ("Novák^Jan", "19740312", "M"),
            ("Lindqvist^Åsa^Margareta", "19661121", "F"),
            ("Tachibana^Haruto=立花^遥人=たちばな^はると", "19580907", "M"),
            ("Okafor^Chidinma", "19890214", "F"),
            ("Seo^Min-ji=서^민지=서^민지", "19920630", "F"),
            ("Beaulieu^François^Émile", "19510105", "M"),
            ("Zhou^Wenbo=周^文博", "19791118", "M"),
            ("Μαυρίδης^Στέλιος", "19630427", "M"),
            ("Соколова^Вероника^Павловна", "19841209", "F"),
            ("Haddad^Layla=حداد^ليلى", "19950803", "F"),
            ("Trương^Ngọc Quyên", "19701016", "F"),
            ("Sørensen^Rasmus", "19470722", "M"),
            ("Núñez Arrieta^Inés", "19880519", "F"),
            ("Weiß^Jürgen^^Dr.", "19541230", "M"),
            ("Gąsiorowski^Łukasz", "19770208", "M"),
            ("Ó Dálaigh^Caoimhe", "20010911", "F"),
            ("Mbeki-Thorne^Sipho", "19690317", "M"),
            ("Shimizu^Aoi=清水^葵=しみず^あおい", "20060425", "F"),
            ("Rahmani^Farid=رحمانی^فرید", "19600614", "M"),
            ("Çelik^Ayşegül", "19820128", "F"),
            ("Baek^Seong-ho=백^성호=백^성호", "19550819", "M"),
            ("Lin^Yuqing=林^雨晴", "19971002", "F"),
            ("Þorsteinsdóttir^Birna", "19731105", "F"),
            ("Marchetti^Giulio", "19640223", "M"),
            ("Kovačević^Željko", "19910707", "M"),
            ("van der Meulen^Saskia", "19861214", "F"),
            ("Παπακώστα^Ελένη", "19490530", "F"),
            ("Гнатюк^Остап", "19800919", "M"),
            ("Pereira Falcão^Joana", "19930316", "F"),
            ("Hoàng^Đức Thịnh", "19620801", "M"),
            ("Abernathy^Ruth^Elspeth", "19431127", "F"),
            ("Singh Bhullar^Harleen", "19780406", "F"),
            ("Peltoniemi^Väinö", "19520610", "M"),
            ("Takeda^Mio=武田^美緒=たけだ^みお", "19990121", "F"),
            ("Ibáñez^Leandro", "19680915", "M"),
            ("Larsson-Quist^Tove", "19830502", "F"),
            ("Oyelaran^Babajide", "19751224", "M"),
            ("Ştefănescu^Mirela", "19590711", "F"),
            ("Kim^Do-yeon=김^도연=김^도연", "20030218", "F"),
            ("Fontaine^Agnès", "19561003", "F"),
            ("Delacroix-Moreau^Théo", "19940829", "M"),
            ("Whitcombe^Alistair", "19710420", "M"),
            ("Qureshi^Zainab=قريشي^زينب", "19871113", "F"),
        )
    )
)

READERS: tuple[Staff, ...] = (
    Staff("Brandt^Henrike^^Dr.", "HB"),
    Staff("Castellanos^Miguel^^Dr.", "MC"),
    Staff("Ohta^Ren=太田^蓮=おおた^れん", "RO"),
)
THERAPISTS: tuple[Staff, ...] = (
    Staff("Fitzgerald^Nuala", "NF"),
    Staff("Jansen^Pieter", "PJ"),
    Staff("Adeyemi^Tunde", "TA"),
)
