"""What is said where nobody can ask Blender for a translation, in German: on the worker, in the setup check, in an
installation of the runtime, and in the core. No bpy here.

A sentence is found by its English words, with a gap in braces for each thing that is filled in; see
``translations.retold``. A gap that may hold words of the program itself is a ``{name:retold}`` in the German sentence,
and those words stand in the table too.
"""

SENTENCES: dict[str, str] = {
    # --- a job that fails: worker, process ---
    "The Python package “{package}”, which generation needs, is not installed in this Blender: press Check Setup under "
    "Setup in the sidebar, which says how to get it.": (
        "Das Python-Paket „{package}“, das zum Erzeugen nötig ist, ist in diesem Blender nicht installiert: in der "
        "Seitenleiste unter Einrichtung auf Einrichtung prüfen drücken; dort steht, woher es kommt."
    ),
    "The Python package “{package}”, which generation needs, cannot be loaded in this Blender: press Check Setup under "
    "Setup in the sidebar, which says why and what to do.": (
        "Das Python-Paket „{package}“, das zum Erzeugen nötig ist, lässt sich in diesem Blender nicht laden: in der "
        "Seitenleiste unter Einrichtung auf Einrichtung prüfen drücken; dort steht, warum und was zu tun ist."
    ),
    "There is not enough memory: lower the texture size or the faces, or choose CPU in the preferences.": (
        "Der Speicher reicht nicht: die Größe der Textur oder die Flächen verringern, oder in den Einstellungen CPU "
        "wählen."
    ),
    "LATTE3D met an unexpected fault ({kind}): try another prompt or seed, and send the report to the authors.": (
        "LATTE3D ist auf einen unerwarteten Fehler gestoßen ({kind}): einen anderen Prompt oder Startwert versuchen "
        "und den Bericht an die Autoren senden."
    ),
    "The separate process of LATTE3D cannot be started ({reason}): choose “In Blender” in the preferences of the "
    "extension.": (
        "Der eigene Prozess von LATTE3D lässt sich nicht starten ({reason:retold}): in den Einstellungen der "
        "Erweiterung „In Blender“ wählen."
    ),
    "The separate process of LATTE3D ended unexpectedly (exit status {status}), perhaps for lack of memory: press "
    "Retry, or choose “In Blender” in the preferences of the extension.": (
        "Der eigene Prozess von LATTE3D endete unerwartet (Status {status}), vielleicht aus Mangel an Speicher: Erneut "
        "versuchen drücken oder in den Einstellungen der Erweiterung „In Blender“ wählen."
    ),
    # --- prompts and settings ---
    "The prompt is empty; describe an object, for example: a red sports car.": (
        "Der Prompt ist leer; ein Objekt beschreiben, zum Beispiel: a red sports car."
    ),
    "The prompt has {count} characters; shorten it to {most} or fewer.": (
        "Der Prompt hat {count} Zeichen; auf höchstens {most} kürzen."
    ),
    "The prompt must be a text, not {kind}.": "Der Prompt muss ein Text sein, nicht {kind}.",
    "Read as: {prompt}": "Gelesen als: {prompt}",
    "The {name} must lie between {low} and {high}, not {value}.": (
        "Zwischen {low} und {high} muss {name:retold} liegen, nicht bei {value}."
    ),
    "The {name} must be a number, not {value}.": "Eine Zahl muss {name:retold} sein, nicht {value}.",
    "seed": "der Startwert",
    "shape strength (alpha)": "die Formtreue",
    "face budget": "die Zahl der Flächen",
    "texture size": "die Größe der Textur",
    "picture size": "die Größe des Bildes",
    "blend (t)": "die Überblendung",
    "number of steps": "die Zahl der Schritte",
    "Unknown unwrap method {name}; use fast or careful.": (
        "Unbekannte Art des Abwickelns: {name}; fast oder careful nehmen."
    ),
    "The unwrap method must be one of {names}, not {name}.": (
        "Die Art des Abwickelns muss eine von {names} sein, nicht {name}."
    ),
    "Unknown device {name}; use auto, cpu, cuda or mps.": "Unbekanntes Gerät {name}; auto, cpu, cuda oder mps nehmen.",
    "This machine has no device {name}; use auto or cpu.": (
        "Dieser Rechner hat kein Gerät {name}; auto oder cpu nehmen."
    ),
    "The time must be more than 0 seconds.": "Die Zeit muss mehr als 0 Sekunden sein.",
    # --- model files and the prior ---
    "There is no model file {name}; give a path or one of the names that ship: {names}.": (
        "Es gibt keine Modelldatei {name}; einen Pfad angeben oder einen der mitgelieferten Namen: {names:retold}."
    ),
    "none": "keiner",
    "The model file {path} cannot be read: {reason}.": (
        "Die Modelldatei {path} lässt sich nicht lesen: {reason:retold}."
    ),
    "The model file {name} is truncated; copy or download it again.": (
        "Die Modelldatei {name} ist abgeschnitten; noch einmal kopieren oder herunterladen."
    ),
    "{name} is not a LATTE3D model file; choose one made by latte3d pretrain.": (
        "{name} ist keine Modelldatei von LATTE3D; eine wählen, die latte3d pretrain gemacht hat."
    ),
    "The model file {name} has format {number}, this version reads format {known}; update the program.": (
        "Die Modelldatei {name} hat das Format {number}, diese Version liest Format {known}; das Programm "
        "aktualisieren."
    ),
    "The model file {name} has format {number}, this version reads format {known}; get a newer model file.": (
        "Die Modelldatei {name} hat das Format {number}, diese Version liest Format {known}; eine neuere Modelldatei "
        "besorgen."
    ),
    "The model file {name} is damaged ({reason}); copy or download it again.": (
        "Die Modelldatei {name} ist beschädigt ({reason:retold}); noch einmal kopieren oder herunterladen."
    ),
    "The model file {name} was altered (its checksum is wrong); copy or download it again.": (
        "Die Modelldatei {name} wurde verändert (ihre Prüfsumme stimmt nicht); noch einmal kopieren oder herunterladen."
    ),
    "The model file {name} does not fit this version of the program; use a model file made for it.": (
        "Die Modelldatei {name} passt nicht zu dieser Version des Programms; eine dafür gemachte nehmen."
    ),
    "The templates of this model file are damaged; copy the file again.": (
        "Die Vorlagen in dieser Modelldatei sind beschädigt; die Datei noch einmal kopieren."
    ),
    "{path} cannot be written: {reason}; free space or choose another folder for models in the preferences.": (
        "{path} lässt sich nicht schreiben: {reason:retold}; Platz schaffen oder in den Einstellungen einen anderen "
        "Modellordner wählen."
    ),
    "{name} is not a guidance model; choose a file made by latte3d train-prior.": (
        "{name} ist kein Leitmodell; eine Datei wählen, die latte3d train-prior gemacht hat."
    ),
    "The guidance model {path} cannot be read ({reason}).": (
        "Das Leitmodell {path} lässt sich nicht lesen ({reason:retold})."
    ),
    "The guidance model {name} has format {number}, this version reads {known}.": (
        "Das Leitmodell {name} hat das Format {number}, diese Version liest {known}."
    ),
    "The guidance model {name} does not fit this version of the program.": (
        "Das Leitmodell {name} passt nicht zu dieser Version des Programms."
    ),
    "The guidance model cannot be read: reinstall the LATTE3D extension, or name the file of one of your own "
    "({reason})": (
        "Das Leitmodell lässt sich nicht lesen: die Erweiterung LATTE3D neu installieren oder "
        "die Datei eines eigenen nennen ({reason:retold})"
    ),
    # --- packages of the core ---
    "Open3D is not installed; install the package open3d-cpu (on Windows and macOS: open3d).": (
        "Open3D ist nicht installiert; das Paket open3d-cpu installieren (unter Windows und macOS: open3d)."
    ),
    "Open3D does not start ({reason}); install the library that it names.": (
        "Open3D startet nicht ({reason}); die genannte Bibliothek installieren."
    ),
    "transformers is not installed; the text encoder needs it.": (
        "transformers ist nicht installiert; der Text-Encoder braucht es."
    ),
    "The text encoder {name} is not installed; install the package {package} or name its folder in "
    "LATTE3D_TEXT_ENCODER.": (
        "Der Text-Encoder {name} ist nicht installiert; das Paket {package} installieren oder seinen Ordner in "
        "LATTE3D_TEXT_ENCODER nennen."
    ),
    "LATTE3D_TEXT_ENCODER names {folder}, which holds no text encoder (no config.json).": (
        "LATTE3D_TEXT_ENCODER nennt {folder}, und dort liegt kein Text-Encoder (keine config.json)."
    ),
    # --- shapes ---
    "The model found no clear shape for this prompt; the nearest it had to one was made. Try other words.": (
        "Das Modell fand zu diesem Prompt keine klare Form; entstanden ist, was einer am nächsten kam. Andere Worte "
        "versuchen."
    ),
    "The shape has too many holes for {faces} faces; the closest sound mesh has {count}.": (
        "Die Form hat zu viele Löcher für {faces} Flächen; das nächste brauchbare Mesh hat {count}."
    ),
    "The model's answer holds values that are not numbers; the model file is damaged or unfit.": (
        "Die Antwort des Modells enthält Werte, die keine Zahlen sind; die Modelldatei ist beschädigt oder ungeeignet."
    ),
    "A distance grid must have the shape (R, R, R) with R of 3 or more, not {shape}.": (
        "Ein Abstandsgitter muss die Form (R, R, R) haben, mit R ab 3, nicht {shape}."
    ),
    "The distance field holds values that are not numbers; the model file may be damaged.": (
        "Das Abstandsfeld enthält Werte, die keine Zahlen sind; vielleicht ist die Modelldatei beschädigt."
    ),
    "The field holds no solid part, so there is no surface; try other words or another seed.": (
        "Das Feld ist nirgends fest, also gibt es keine Oberfläche; andere Worte oder einen anderen Startwert "
        "versuchen."
    ),
    "The field is solid everywhere, so there is no surface; try other words or another seed.": (
        "Das Feld ist überall fest, also gibt es keine Oberfläche; andere Worte oder einen anderen Startwert versuchen."
    ),
    "The field is solid only at its border, so there is no surface; try another seed.": (
        "Das Feld ist nur am Rand fest, also gibt es keine Oberfläche; einen anderen Startwert versuchen."
    ),
    "A mesh needs a budget of at least {least} faces, not {faces}; ask for more.": (
        "Ein Mesh braucht mindestens {least} Flächen, nicht {faces}; mehr verlangen."
    ),
    "The surface is too tangled to be made into a clean mesh; try other words or another seed.": (
        "Die Oberfläche ist zu verwickelt für ein sauberes Mesh; andere Worte oder einen anderen Startwert versuchen."
    ),
    "The object has no surface whose colours could be refined; try other words or another seed.": (
        "Das Objekt hat keine Oberfläche, deren Farben sich verfeinern ließen; andere Worte oder einen anderen "
        "Startwert versuchen."
    ),
    "“{name}” was made with another model: choose that one in the preferences, or make the object anew.": (
        "„{name}“ entstand mit einem anderen Modell: jenes in den Einstellungen wählen oder das Objekt neu erzeugen."
    ),
    "The careful unwrap was replaced by the fast one because {reason}.": (
        "Statt der sorgfältigen Abwicklung wurde die schnelle genommen, weil {reason:retold}."
    ),
    "it could not be started ({reason})": "sie sich nicht starten ließ ({reason:retold})",
    "it took longer than {seconds} s": "sie länger als {seconds} s dauerte",
    "it stopped with code {status}": "sie mit Status {status} endete",
    "its result could not be read ({reason})": "ihr Ergebnis nicht lesbar war ({reason})",
    "it left faces out": "sie Flächen ausließ",
    "some UVs are not numbers": "manche UVs keine Zahlen sind",
    "some UVs lie outside the texture": "manche UVs außerhalb der Textur liegen",
    "some faces have no place on the texture": "manche Flächen keinen Platz auf der Textur haben",
    "{share} of the texels are used twice": "{share} der Texel doppelt belegt sind",
    # --- meshes of the artist's own ---
    "A new UV map was added because {reason}.": "Eine neue UV-Map kam dazu, weil {reason:retold}.",
    "A new UV layout was made because {reason}.": "Ein neues UV-Layout entstand, weil {reason:retold}.",
    "The UV map “{layer}” cannot carry the colours because {reason}: choose Automatic for the UV Map.": (
        "Die UV-Map „{layer}“ kann die Farben nicht tragen, weil {reason:retold}: für die UV-Map Automatisch wählen."
    ),
    "the mesh has none": "das Mesh keine hat",
    "the mesh has no UVs": "das Mesh keine UVs hat",
    "the UVs leave the texture, as those of tiled textures do": (
        "die UVs die Textur verlassen, wie bei gekachelten Texturen"
    ),
    "the UVs use next to nothing of the texture": "die UVs fast nichts von der Textur nutzen",
    "parts of the UVs lie over each other": "sich Teile der UVs überdecken",
    "The mesh has no UV map to keep: unwrap it, or choose Automatic for the UV Map.": (
        "Das Mesh hat keine UV-Map zum Behalten: es abwickeln oder für die UV-Map Automatisch wählen."
    ),
    "No UV map can be made for this mesh: unwrap it, then choose Keep for the UV Map.": (
        "Für dieses Mesh lässt sich keine UV-Map machen: es abwickeln, dann für die UV-Map Behalten wählen."
    ),
    "Parts that share their place on the UV map “{layer}” share their colours too.": (
        "Teile, die sich auf der UV-Map „{layer}“ einen Platz teilen, teilen sich auch die Farben."
    ),
    "The mesh has no colours to keep, so that all of them are new.": (
        "Das Mesh hat keine Farben zum Behalten, also sind alle neu."
    ),
    "All faces of the mesh lie in one point; scale it up or choose another.": (
        "Alle Flächen des Meshs liegen in einem Punkt; es vergrößern oder ein anderes wählen."
    ),
    "The mesh has no faces, only loose points or edges; give it faces.": (
        "Das Mesh hat keine Flächen, nur lose Punkte oder Kanten; Flächen hinzufügen."
    ),
    "No face of the mesh has an area; give it some width.": (
        "Keine Fläche des Meshs hat eine Ausdehnung; ihm etwas Breite geben."
    ),
    "{count} of the mesh's vertices have no finite coordinates; clean the mesh up.": (
        "{count} Vertices des Meshs haben keine endlichen Koordinaten; das Mesh säubern."
    ),
    "No triangle of the mesh has the material slot {slot}; choose another.": (
        "Kein Dreieck des Meshs hat den Material-Slot {slot}; einen anderen wählen."
    ),
    "The mesh must come as rows of x, y, z and rows of three vertex numbers.": (
        "Das Mesh muss aus Zeilen von x, y, z und Zeilen von drei Nummern der Vertices bestehen."
    ),
    "Some triangles name vertices that are not there; give numbers from 0 on.": (
        "Manche Dreiecke nennen Vertices, die es nicht gibt; Nummern ab 0 angeben."
    ),
    "The UVs must come one to a corner of each triangle.": "Zu jeder Ecke jedes Dreiecks gehört ein UV.",
    "The material slots must come one to a triangle.": "Zu jedem Dreieck gehört ein Material-Slot.",
    "The colours must come one to a vertex or one to a corner of each triangle.": (
        "Zu jedem Vertex oder zu jeder Ecke jedes Dreiecks gehört eine Farbe."
    ),
    "The colours must come one to a point.": "Zu jedem Punkt gehört eine Farbe.",
    "The colours must lie between 0 and 1.": "Die Farben müssen zwischen 0 und 1 liegen.",
    "The points must be a non-empty array of finite x, y, z rows.": (
        "Die Punkte müssen Zeilen von endlichen x, y, z sein, mindestens eine."
    ),
    # --- setup check ---
    "Python": "Python",
    "Folders": "Ordner",
    "User folder": "Benutzerordner",
    "Model folder": "Modellordner",
    "Cache folder": "Zwischenspeicher",
    "Network": "Netz",
    "Blender may go online; LATTE3D needs no network, and nothing but Download Runtime uses one.": (
        "Blender darf ins Netz; LATTE3D braucht keines, und nur Laufzeit herunterladen benutzt es."
    ),
    "Blender stays offline; LATTE3D needs no network, and nothing but Download Runtime uses one.": (
        "Blender bleibt ohne Netz; LATTE3D braucht keines, und nur Laufzeit herunterladen benutzt es."
    ),
    "Disk": "Platte",
    "Memory": "Speicher",
    "Copies": "Kopien",
    "Copies of {package}": "Kopien von {package}",
    "Packages": "Pakete",
    "Package {package}": "Paket {package}",
    "Prompts": "Prompts",
    "Python {version} ({bits} bit) is too old: use Blender 4.2 or newer, in 64 bit.": (
        "Python {version} ({bits} Bit) ist zu alt: Blender 4.2 oder neuer nehmen, mit 64 Bit."
    ),
    "Python {version}, {system} {machine}.": "Python {version}, {system} {machine}.",
    "Nothing can be written into {folder} ({reason}): make the folder writable for yourself, or choose another cache "
    "folder.": (
        "In {folder} lässt sich nichts schreiben ({reason:retold}): den Ordner für sich beschreibbar machen oder einen "
        "anderen Ordner für den Zwischenspeicher wählen."
    ),
    "Nothing can be written into {folder} ({reason}): make the folder writable for yourself.": (
        "In {folder} lässt sich nichts schreiben ({reason:retold}): den Ordner für sich beschreibbar machen."
    ),
    "Nothing can be written into {folder} ({reason}): make the folder writable for yourself, or choose another model "
    "folder.": (
        "In {folder} lässt sich nichts schreiben ({reason:retold}): den Ordner für sich beschreibbar machen oder einen "
        "anderen Modellordner wählen."
    ),
    "{folder} can be written.": "In {folder} lässt sich schreiben.",
    "Only {free} GB are free where {folder} lies: free some space.": (
        "Nur {free} GB sind frei, wo {folder} liegt: Platz schaffen."
    ),
    "{free} GB are free.": "{free} GB sind frei.",
    "How much memory there is cannot be told on this system: just try.": (
        "Wie viel Speicher da ist, lässt sich auf diesem System nicht feststellen: einfach versuchen."
    ),
    "Only {free} of {total} GB of memory are free: close other programs, or lower the faces and the texture size.": (
        "Nur {free} von {total} GB Speicher sind frei: andere Programme schließen oder die Flächen und die Größe der "
        "Textur verringern."
    ),
    "{free} of {total} GB of memory are free.": "{free} von {total} GB Speicher sind frei.",
    "Blender has loaded {package} from {loaded}, not from {folder}: disable {culprit}, then restart Blender.": (
        "Blender hat {package} aus {loaded} geladen, nicht aus {folder}: {culprit:retold} ausschalten, dann Blender "
        "neu starten."
    ),
    "Blender has loaded {package} from {loaded}, not from {folder} ({extension} in {place} brings {brought}): disable "
    "{culprit}, then restart Blender.": (
        "Blender hat {package} aus {loaded} geladen, nicht aus {folder} ({extension:retold} in {place} bringt "
        "{brought} mit): {culprit:retold} ausschalten, dann Blender neu starten."
    ),
    "{used} in {folder} is used, not {hidden} in {other}: if generation fails, disable {culprit}, then restart "
    "Blender.": (
        "{used} in {folder} wird benutzt, nicht {hidden} in {other}: falls das Erzeugen scheitert, {culprit:retold} "
        "ausschalten, dann Blender neu starten."
    ),
    "{used} in {folder} is used, not {hidden} in {other} ({extension} in {place} brings {brought}): if generation "
    "fails, disable {culprit}, then restart Blender.": (
        "{used} in {folder} wird benutzt, nicht {hidden} in {other} ({extension:retold} in {place} bringt {brought} "
        "mit): falls das Erzeugen scheitert, {culprit:retold} ausschalten, dann Blender neu starten."
    ),
    "the extension “{name}”": "die Erweiterung „{name}“",
    "the add-on that did it": "das schuldige Add-on",
    "the add-on that brings it": "das Add-on, das es mitbringt,",
    "Another add-on brings a {package} of its own in {folder}: if both are used at once Blender may crash; choose "
    "“Separate Process”, or disable that add-on.": (
        "Ein anderes Add-on bringt in {folder} ein eigenes {package} mit: werden beide zugleich benutzt, kann Blender "
        "abstürzen; „Eigener Prozess“ wählen oder jenes Add-on ausschalten."
    ),
    "No package is there in two versions.": "Kein Paket ist in zwei Versionen da.",
    "{package} {version} in {folder} is older than the {least} that LATTE3D is made for: if it does not work below, "
    "{remedy}.": (
        "{package} {version} in {folder} ist älter als {least}, wofür LATTE3D gemacht ist: falls es unten scheitert, "
        "{remedy:retold}."
    ),
    "{package} {version} in {folder} is older than the {least} that LATTE3D is made for ({extension} in {place} brings "
    "{brought}): if it does not work below, {remedy}.": (
        "{package} {version} in {folder} ist älter als {least}, wofür LATTE3D gemacht ist ({extension:retold} in "
        "{place} bringt {brought} mit): falls es unten scheitert, {remedy:retold}."
    ),
    "disable {culprit} and restart Blender": "{culprit:retold} ausschalten und Blender neu starten",
    "install the LATTE3D extension that is made for this Blender version and system": (
        "die für diese Blender-Version und dieses System gemachte Erweiterung LATTE3D installieren"
    ),
    "torch {version} is there and took {seconds} s to load.": (
        "torch {version} ist da und brauchte {seconds} s zum Laden."
    ),
    "Found: {names}.": "Gefunden: {names}.",
    "Found: nothing; see above.": "Gefunden: nichts; siehe oben.",
    "The Python package “{package}” is not here: it comes with the runtime, see above.": (
        "Das Python-Paket „{package}“ ist nicht da: es kommt mit der Laufzeit, siehe oben."
    ),
    "The Python package “{package}” is not installed in this Blender: install the LATTE3D extension that is made for "
    "this Blender version and system, then restart Blender.": (
        "Das Python-Paket „{package}“ ist in diesem Blender nicht installiert: die für diese Blender-Version und "
        "dieses System gemachte Erweiterung LATTE3D installieren, dann Blender neu starten."
    ),
    "“{package}” cannot be loaded ({reason}): install the newest Microsoft Visual C++ runtime, or choose “Separate "
    "Process” in the preferences, then restart Blender.": (
        "„{package}“ lässt sich nicht laden ({reason:retold}): die neueste Microsoft Visual C++-Laufzeit installieren "
        "oder in den Einstellungen „Eigener Prozess“ wählen, dann Blender neu starten."
    ),
    "“{package}” cannot be loaded ({reason}): reinstall the LATTE3D extension and restart Blender.": (
        "„{package}“ lässt sich nicht laden ({reason:retold}): die Erweiterung LATTE3D neu installieren und Blender "
        "neu starten."
    ),
    "“{package}” cannot be loaded ({reason}): disable {culprit} and restart Blender.": (
        "„{package}“ lässt sich nicht laden ({reason:retold}): {culprit:retold} abschalten und Blender neu starten."
    ),
    "“{package}” cannot be loaded ({reason}): this Linux is too old for it, use a newer one.": (
        "„{package}“ lässt sich nicht laden ({reason:retold}): dieses Linux ist zu alt dafür, ein neueres nehmen."
    ),
    "This computer has no device “{device}”: choose Automatic.": (
        "Dieser Computer hat kein Gerät „{device}“: Automatisch wählen."
    ),
    "{device}, {count} threads.": "{device}, {count} Threads.",
    "{name}, {free} of {total} GB free.": "{name}, {free} von {total} GB frei.",
    "Reinstall the LATTE3D extension.": "Die Erweiterung LATTE3D neu installieren.",
    "“{name}” is sound (checksum {digest}).": "„{name}“ ist unversehrt (Prüfsumme {digest}).",
    "Whether prompts can be read was not tried: mend the model first.": (
        "Ob sich Prompts lesen lassen, wurde nicht versucht: zuerst das Modell in Ordnung bringen."
    ),
    "The text encoder is there and reads prompts.": "Der Text-Encoder ist da und liest Prompts.",
    "This check met an unexpected fault ({reason}): send the report to the authors.": (
        "Diese Prüfung ist auf einen unerwarteten Fehler gestoßen ({reason}): den Bericht an die Autoren senden."
    ),
    "The check did not end within {seconds} seconds: restart Blender and try again.": (
        "Die Prüfung endete nicht binnen {seconds} Sekunden: Blender neu starten und noch einmal versuchen."
    ),
    "Python ended during this check (exit status {status}): reinstall the LATTE3D extension, and disable other add-ons "
    "that bring packages of their own.": (
        "Python endete während dieser Prüfung (Status {status}): die Erweiterung LATTE3D neu installieren und andere "
        "Add-ons ausschalten, die eigene Pakete mitbringen."
    ),
    # --- runtime ---
    "This runtime pack is of a newer kind than this extension knows: update the LATTE3D extension.": (
        "Diese Laufzeit ist von einer neueren Art, als diese Erweiterung kennt: die Erweiterung LATTE3D aktualisieren."
    ),
    "The list of the runtime pack is damaged: install the LATTE3D extension again.": (
        "Die Liste der Laufzeit ist beschädigt: die Erweiterung LATTE3D noch einmal installieren."
    ),
    "LATTE3D is not supported on {platform}, because its packages are made for {known} only: use one of those.": (
        "Auf {platform} läuft LATTE3D nicht, weil seine Pakete nur für {known:retold} gemacht sind: eins davon "
        "benutzen."
    ),
    "no system": "kein System",
    "LATTE3D's packages need {kind} {least} or newer, and this system has {given}: update the system, or use another "
    "computer.": (
        "Die Pakete von LATTE3D brauchen {kind} {least} oder neuer, und dieses System hat {given}: das System "
        "aktualisieren oder einen anderen Rechner nehmen."
    ),
    "There is no runtime for Python {version} on {platform}: use a Blender with Python {known}.": (
        "Für Python {version} auf {platform} gibt es keine Laufzeit: ein Blender mit Python {known} benutzen."
    ),
    "There is no runtime for Python {version} on {platform}: use a Blender with Python {known} or {other}.": (
        "Für Python {version} auf {platform} gibt es keine Laufzeit: ein Blender mit Python {known} oder {other} "
        "benutzen."
    ),
    "This Blender is not supported, because it runs Python {version} and LATTE3D's packages are made for Python 3.11 "
    "(Blender 4.2 to 5.0) and 3.13 (5.1 and later): install the official Blender from its own web site instead of the "
    "system's.": (
        "Dieses Blender geht nicht, weil es mit Python {version} läuft und die Pakete von LATTE3D für Python 3.11 "
        "(Blender 4.2 bis 5.0) und 3.13 (ab 5.1) gemacht sind: das offizielle Blender von dessen eigener Webseite "
        "installieren statt dem des Systems."
    ),
    "{source} lacks {file}: choose the whole runtime pack that is made for this Blender and system.": (
        "In {source} fehlt {file}: die ganze Laufzeit wählen, die für dieses Blender und dieses System gemacht ist."
    ),
    "{source} lacks {file} and {count} more: choose the whole runtime pack that is made for this Blender and system.": (
        "In {source} fehlen {file} und {count} weitere: die ganze Laufzeit wählen, die für dieses Blender und dieses "
        "System gemacht ist."
    ),
    "{source} is not a whole zip file, perhaps its download broke off: get it again.": (
        "{source} ist kein ganzes Zip, vielleicht ist das Herunterladen abgebrochen: noch einmal besorgen."
    ),
    "{source} cannot be read ({reason}): choose a folder or a zip file with the runtime pack.": (
        "{source} lässt sich nicht lesen ({reason:retold}): einen Ordner oder ein Zip mit der Laufzeit wählen."
    ),
    "Blender's online access is off: switch it on in Preferences > System, or install the runtime from a folder.": (
        "Blenders Netzzugang ist aus: unter Einstellungen > System einschalten, oder die Laufzeit aus einem Ordner "
        "installieren."
    ),
    "The runtime is downloaded only after you have agreed to its size and licences.": (
        "Die Laufzeit wird erst nach Zustimmung zu Größe und Lizenzen heruntergeladen."
    ),
    "“{address}” is no web address: it has to begin with https://.": (
        "„{address}“ ist keine Webadresse: sie muss mit https:// beginnen."
    ),
    "The server does not give {file} ({code} {reason}): check the address, or install the runtime from a folder.": (
        "Der Server gibt {file} nicht her ({code} {reason}): die Adresse prüfen oder die Laufzeit aus einem Ordner "
        "installieren."
    ),
    "The download broke off at {done} of {total} MB: check the connection and start it again, it goes on from there.": (
        "Das Herunterladen brach bei {done} von {total} MB ab: die Verbindung prüfen und noch einmal beginnen, es geht "
        "dort weiter."
    ),
    "{file} from the server is not the file that it should be (its checksum differs), so it was thrown away: try "
    "again, or install the runtime from a folder.": (
        "{file} vom Server ist nicht die richtige Datei (ihre Prüfsumme weicht ab) und wurde verworfen: noch einmal "
        "versuchen oder die Laufzeit aus einem Ordner installieren."
    ),
    "{file} is damaged or another file than it should be (its checksum differs): get it again.": (
        "{file} ist beschädigt oder nicht die richtige Datei (ihre Prüfsumme weicht ab): noch einmal besorgen."
    ),
    "{file} holds a file with an unfit name: get the runtime pack again.": (
        "{file} enthält eine Datei mit einem untauglichen Namen: die Laufzeit noch einmal besorgen."
    ),
    "{file} is not a whole wheel: get it again.": "{file} ist kein ganzes Wheel: noch einmal besorgen.",
    "{path} cannot be read ({reason}): get it again.": (
        "{path} lässt sich nicht lesen ({reason:retold}): noch einmal besorgen."
    ),
    "Paths in {folder} would have {length} characters, and Windows takes {most}: switch long paths on in Windows, or "
    "set BLENDER_USER_EXTENSIONS to a folder with a shorter path.": (
        "Pfade in {folder} hätten {length} Zeichen, und Windows nimmt {most}: in Windows lange Pfade einschalten oder "
        "BLENDER_USER_EXTENSIONS auf einen Ordner mit kürzerem Pfad setzen."
    ),
    "The runtime needs {need} GB of free disk space in {folder}, where {free} GB are free: make room and try again.": (
        "Die Laufzeit braucht {need} GB freien Platz in {folder}, und dort sind {free} GB frei: Platz schaffen und "
        "noch einmal versuchen."
    ),
    "The disk with {place} is full, so the runtime is not installed: make room and try again.": (
        "Die Platte mit {place} ist voll, also ist die Laufzeit nicht installiert: Platz schaffen und noch einmal "
        "versuchen."
    ),
    "{place} cannot be written ({reason}): make it writable for yourself and try again.": (
        "{place} lässt sich nicht schreiben ({reason:retold}): für sich beschreibbar machen und noch einmal versuchen."
    ),
    "The installation met an unexpected fault ({reason}): send the report to the authors.": (
        "Die Installation ist auf einen unerwarteten Fehler gestoßen ({reason}): den Bericht an die Autoren senden."
    ),
    # --- reasons that the system gives ---
    "File exists": "Die Datei gibt es schon",
    "Is a directory": "Ist ein Ordner",
    "No space left on device": "Kein Platz mehr auf dem Datenträger",
    "No such file or directory": "Datei oder Ordner nicht gefunden",
    "Not a directory": "Ist kein Ordner",
    "Operation not permitted": "Nicht erlaubt",
    "Permission denied": "Keine Berechtigung",
    "Read-only file system": "Datenträger ist schreibgeschützt",
}
