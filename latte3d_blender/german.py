"""The texts of the interface in German. No bpy here."""

GERMAN: dict[str, str] = {
    # --- preferences ---
    "Device": "Gerät",
    "Where the generator computes": "Wo gerechnet wird",
    "Automatic": "Automatisch",
    "A graphics card if there is one that can be used, else the processor": (
        "Eine Grafikkarte, wenn eine brauchbare da ist, sonst der Prozessor"
    ),
    "The processor": "Der Prozessor",
    "An NVIDIA graphics card": "Eine Grafikkarte von NVIDIA",
    "The graphics part of an Apple processor": "Der Grafikteil eines Apple-Prozessors",
    "Threads": "Threads",
    "Processor threads to compute with; 0 leaves the choice to LATTE3D": (
        "Mit wie vielen Threads der Prozessor rechnet; 0 überlässt LATTE3D die Wahl"
    ),
    "Model": "Modell",
    "A model file of your own (.safetensors); leave empty for the model that comes with LATTE3D": (
        "Eine eigene Modelldatei (.safetensors); leer für das Modell, das mit LATTE3D kommt"
    ),
    "Model Folder": "Modellordner",
    "Where imported models are kept; leave empty for the folder of the extension": (
        "Wo importierte Modelle liegen; leer für den Ordner der Erweiterung"
    ),
    "Work": "Arbeit",
    "In which process the generator runs; a change holds from when no job is open": (
        "In welchem Prozess gerechnet wird; eine Änderung gilt, sobald kein Auftrag offen ist"
    ),
    "In Blender": "In Blender",
    "No time lost for starting and copying": "Keine Zeit geht mit Starten und Kopieren verloren",
    "Separate Process": "Eigener Prozess",
    "Blender stays out of harm's way, and Cancel always works within a second": (
        "Blender kann nichts zustoßen, und Abbrechen wirkt immer binnen einer Sekunde"
    ),
    "Faces": "Flächen",
    "Most triangles of a mesh, in new files": "Höchstens so viele Dreiecke hat ein Mesh, in neuen Dateien",
    "Texture": "Textur",
    "Width and height of the textures in pixels, in new files": (
        "Breite und Höhe der Texturen in Pixeln, in neuen Dateien"
    ),
    "Textures of 256 by 256 pixels": "Texturen von 256 mal 256 Pixeln",
    "Textures of 512 by 512 pixels": "Texturen von 512 mal 512 Pixeln",
    "Textures of 1024 by 1024 pixels": "Texturen von 1024 mal 1024 Pixeln",
    "Textures of 2048 by 2048 pixels": "Texturen von 2048 mal 2048 Pixeln",
    "Textures of 4096 by 4096 pixels": "Texturen von 4096 mal 4096 Pixeln",
    "Size": "Größe",
    "How large generated objects are": "Wie groß erzeugte Objekte sind",
    "Real Size": "Wahre Größe",
    "As large as the real thing: a cup 10 cm, a car 4.5 m": (
        "So groß wie in Wirklichkeit: eine Tasse 10 cm, ein Auto 4,5 m"
    ),
    "One Metre": "Ein Meter",
    "The largest side is one metre, whatever it is": "Die größte Seite misst einen Meter, was immer es ist",
    "Author": "Urheber",
    "Who is named as the author of assets": "Wer als Urheber von Assets genannt wird",
    "Licence": "Lizenz",
    "The licence that is named in assets, such as CC0 1.0": "Die Lizenz, die in Assets genannt wird, etwa CC0 1.0",
    "Measure": "Messen",
    "Look how much space the files of the extension take": (
        "Nachsehen, wie viel Platz die Dateien der Erweiterung brauchen"
    ),
    "Open Folder": "Ordner öffnen",
    "Show the folder where the extension keeps its files": "Den Ordner zeigen, in dem die Erweiterung ihre Dateien hat",
    "The model that comes with LATTE3D": "Das Modell, das mit LATTE3D kommt",
    "The folder of the extension": "Der Ordner der Erweiterung",
    "The extension has no preferences here: enable it in Edit > Preferences > Add-ons": (
        "Die Erweiterung hat hier keine Einstellungen: unter Bearbeiten > Einstellungen > Add-ons einschalten"
    ),
    "Models: {models}, prompt history: {history}": "Modelle: {models}, Verlauf: {history}",
    # --- models and memory ---
    "Choose Model": "Modell wählen",
    "Make new objects with this model": "Neue Objekte mit diesem Modell erzeugen",
    "Model File": "Modelldatei",
    "A model file; empty for the model that comes with LATTE3D": (
        "Eine Modelldatei; leer für das Modell, das mit LATTE3D kommt"
    ),
    "Included Model": "Mitgeliefertes Modell",
    "There is no model file {path}: choose another one, or import it again.": (
        "Es gibt keine Modelldatei {path}: eine andere wählen oder sie erneut importieren."
    ),
    "Choose Device": "Gerät wählen",
    "Compute on this device from the next object on": "Vom nächsten Objekt an auf diesem Gerät rechnen",
    "Import Model…": "Modell importieren…",
    "Check a model file, copy it into the folder for models and choose it": (
        "Eine Modelldatei prüfen, in den Modellordner kopieren und wählen"
    ),
    "The model file to take in": "Die Modelldatei, die aufgenommen werden soll",
    "Files": "Dateien",
    "Names of the files that are shown": "Namen der Dateien, die gezeigt werden",
    "No model file was given: choose a file that ends in .safetensors.": (
        "Keine Modelldatei angegeben: eine Datei wählen, die auf .safetensors endet."
    ),
    "Free Memory": "Speicher freigeben",
    "Let go of the loaded model; the next object takes a few seconds longer. A separate process is ended": (
        "Das geladene Modell loslassen; das nächste Objekt braucht einige Sekunden länger. Ein "
        "eigener Prozess wird beendet"
    ),
    "Objects are being made: cancel them first, or wait": "Es werden Objekte erzeugt: zuerst abbrechen, oder abwarten",
    "The worker is still busy: its memory becomes free when its present step ends.": (
        "Es wird noch gerechnet: der Speicher wird frei, wenn der jetzige Schritt endet."
    ),
    "The memory of the model is free": "Der Speicher des Modells ist frei",
    # --- generate ---
    "Generate": "Erzeugen",
    "Make a textured object from the prompt and put it at the 3D cursor; it waits in line while others are made": (
        "Ein texturiertes Objekt aus dem Prompt erzeugen und an den 3D-Cursor stellen; es wartet, "
        "solange andere entstehen"
    ),
    "Prompt": "Prompt",
    "What to make, in a few words": "Was entstehen soll, in wenigen Worten",
    "Seed": "Startwert",
    "Same prompt and seed, same object; another seed, another shape that suits the prompt": (
        "Gleicher Prompt und Startwert, gleiches Objekt; anderer Startwert, andere passende Form"
    ),
    "Shape Strength": "Formtreue",
    "How closely the result keeps to the shape that the seed picked; at 0 the prompt alone decides": (
        "Wie nah das Ergebnis an der Form bleibt, die der Startwert wählt; bei 0 entscheidet allein der Prompt"
    ),
    "Most triangles that the mesh may have": "So viele Dreiecke darf das Mesh höchstens haben",
    "Width and height of the textures in pixels": "Breite und Höhe der Texturen in Pixeln",
    "Unwrap": "Abwickeln",
    "How the UV map is made": "Wie die UV-Map entsteht",
    "Fast": "Schnell",
    "Box charts, packed tightly; a fraction of a second": "Kastenförmige Inseln, dicht gepackt; Sekundenbruchteile",
    "Careful": "Sorgfältig",
    "Fewer seams and less stretching; several seconds on large meshes": (
        "Weniger Nähte und weniger Verzerrung; mehrere Sekunden bei großen Meshes"
    ),
    "Random Seed": "Zufälliger Startwert",
    "Throw the dice for another seed": "Einen anderen Startwert würfeln",
    "Mesh and Textures": "Mesh und Texturen",
    "a red sports car": "ein roter Sportwagen",
    "Type what to make, then press Generate. The object will stand at the 3D cursor.": (
        "Eintippen, was entstehen soll, dann Erzeugen drücken. Das Objekt steht dann am 3D-Cursor."
    ),
    "Starting": "Wird gestartet",
    "Loading the model": "Das Modell wird geladen",
    "Reading the prompt": "Der Prompt wird gelesen",
    "Imagining": "Wird erdacht",
    "Feeling out the shape": "Die Form wird ertastet",
    "Finding the surface": "Die Oberfläche wird gesucht",
    "Reducing the faces": "Die Flächen werden verringert",
    "Unwrapping": "Wird abgewickelt",
    "Painting the textures": "Die Texturen werden gemalt",
    "LATTE3D is being switched off": "LATTE3D wird gerade ausgeschaltet",
    "LATTE3D is being switched off: enable it again.": "LATTE3D wird gerade ausgeschaltet: wieder einschalten.",
    # --- jobs ---
    "Jobs": "Aufträge",
    "No jobs yet": "Noch keine Aufträge",
    "Place Now": "Jetzt einfügen",
    "Put the finished result into the scene; leaves Edit Mode and the like first": (
        "Das fertige Ergebnis in die Szene stellen; verlässt vorher den Bearbeitungsmodus und Ähnliches"
    ),
    "Job": "Auftrag",
    "Number of the finished job": "Nummer des fertigen Auftrags",
    "Cancel": "Abbrechen",
    "Stop this job, whether it runs or waits in line": "Diesen Auftrag abbrechen, ob er läuft oder wartet",
    "Number of the job; 0 for the one that runs": "Nummer des Auftrags; 0 für den, der läuft",
    "Cancel All": "Alle abbrechen",
    "Stop what runs and what waits in line": "Abbrechen, was läuft und was wartet",
    "Group": "Gruppe",
    "Name of the batch to stop; empty for all jobs": "Name des Stapels, der abgebrochen wird; leer für alle Aufträge",
    "Retry": "Erneut versuchen",
    "Do this job again, with the same settings": "Diesen Auftrag mit denselben Einstellungen noch einmal ausführen",
    "Number of a job that has ended": "Nummer eines Auftrags, der beendet ist",
    "Name of the batch whose failed and cancelled jobs are done again; instead of a job": (
        "Name des Stapels, dessen gescheiterte und abgebrochene Aufträge wiederholt werden; statt eines Auftrags"
    ),
    "Move": "Verschieben",
    "Let this job change places with its neighbour in the line": (
        "Diesen Auftrag mit seinem Nachbarn in der Reihe tauschen"
    ),
    "Number of a job that waits in line": "Nummer eines Auftrags, der wartet",
    "Direction": "Richtung",
    "Sooner or later": "Früher oder später",
    "Sooner": "Früher",
    "Before the one above it": "Vor den darüber",
    "Later": "Später",
    "After the one below it": "Hinter den darunter",
    "Clear Finished": "Beendete entfernen",
    "Take the jobs that have ended off the list; objects in the scene stay": (
        "Beendete Aufträge aus der Liste nehmen; Objekte in der Szene bleiben"
    ),
    "Copy Report": "Bericht kopieren",
    "Copy what happened, with the settings and versions, to the clipboard": (
        "Was geschah, samt Einstellungen und Versionen, in die Zwischenablage kopieren"
    ),
    "Number of the job; 0 for the one that ended last": "Nummer des Auftrags; 0 für den zuletzt beendeten",
    "Nothing is being made": "Es wird nichts erzeugt",
    "This result is not there any more: press Generate to make it again.": (
        "Dieses Ergebnis ist nicht mehr da: Erzeugen drücken, um es neu zu machen."
    ),
    "This job has ended already, so there is nothing to cancel.": (
        "Dieser Auftrag ist schon beendet, es gibt nichts abzubrechen."
    ),
    "This job cannot be moved there: it has been begun, or there is no such place.": (
        "Dieser Auftrag lässt sich nicht dorthin verschieben: er hat begonnen, oder es gibt den Platz nicht."
    ),
    "No job in the list has ended": "Kein Auftrag der Liste ist beendet",
    "Nothing has been made yet, so there is nothing to report": (
        "Es wurde noch nichts erzeugt, also gibt es nichts zu berichten"
    ),
    "This job is not in the list any more: choose another one.": (
        "Dieser Auftrag ist nicht mehr in der Liste: einen anderen wählen."
    ),
    "This job has not ended: wait for it, or cancel it.": "Dieser Auftrag ist nicht beendet: abwarten oder abbrechen.",
    # --- stylize ---
    "Link": "Verknüpfung",
    "Whether the slot shows the mesh's material or the object's": (
        "Ob der Slot das Material des Meshs oder des Objekts zeigt"
    ),
    "Material": "Material",
    "The object's own material in this slot": "Das eigene Material des Objekts in diesem Slot",
    "Name": "Name",
    "What the style is called": "Wie der Stil heißt",
    "What the style was made from": "Woraus der Stil gemacht wurde",
    "Slots": "Slots",
    "What each material slot holds": "Was jeder Material-Slot enthält",
    "Styles": "Stile",
    "The original look and the styles": "Das ursprüngliche Aussehen und die Stile",
    "Style": "Stil",
    "Number of the look that the object wears": "Nummer des Aussehens, das das Objekt trägt",
    "Shown": "Gezeigt",
    "Number of the look that the slots hold": "Nummer des Aussehens in den Slots",
    "Previous": "Voriges",
    "Number of the look before that": "Nummer des Aussehens davor",
    "What the selected objects are to look like, in a few words": (
        "Wie die ausgewählten Objekte aussehen sollen, in wenigen Worten"
    ),
    "What the selected objects are to look like": "Wie die ausgewählten Objekte aussehen sollen",
    "Same style and seed, same colours": "Gleicher Stil und Startwert, gleiche Farben",
    "How closely the new object keeps to the shape of the selected one": (
        "Wie nah das neue Objekt an der Form des ausgewählten bleibt"
    ),
    "Keep Colours": "Farben behalten",
    "Start from the present colours, so that those stay which the style does not name": (
        "Von den jetzigen Farben ausgehen, sodass die bleiben, die der Stil nicht nennt"
    ),
    "Width and height of the texture in pixels": "Breite und Höhe der Textur in Pixeln",
    "UV Map": "UV-Map",
    "Where the texture is to lie": "Wo die Textur liegen soll",
    "The object's own UV map if it can carry one texture, else a new one beside it": (
        "Die eigene UV-Map des Objekts, wenn sie eine Textur tragen kann, sonst eine neue daneben"
    ),
    "Keep": "Behalten",
    "The object's own UV map, even where parts of it lie over each other": (
        "Die eigene UV-Map des Objekts, auch wo sich Teile überdecken"
    ),
    "New": "Neu",
    "A new UV map beside the object's own": "Eine neue UV-Map neben der eigenen des Objekts",
    "Reshape Too": "Auch umformen",
    "Make a new object in that style as well, after the shape of the selected one and beside it": (
        "Auch ein neues Objekt in diesem Stil machen, nach der Form des ausgewählten und daneben"
    ),
    "Stylize": "Stilisieren",
    "Give the selected meshes a new look from the prompt; their shapes stay, and the old look can be brought back": (
        "Den ausgewählten Meshes ein neues Aussehen geben; die Form bleibt, und das alte Aussehen "
        "lässt sich zurückholen"
    ),
    "Switch Style": "Stil wechseln",
    "Let the active object wear this style": "Das aktive Objekt diesen Stil tragen lassen",
    "Number": "Nummer",
    "Number of the style in the list, 0 for the original look; -1 for the one that is shown": (
        "Nummer des Stils in der Liste, 0 für das ursprüngliche Aussehen; -1 für den gezeigten"
    ),
    "Compare": "Vergleichen",
    "Change between the shown style and the original look, or the look before": (
        "Zwischen dem gezeigten Stil und dem ursprünglichen oder vorigen Aussehen wechseln"
    ),
    "With": "Mit",
    "What to compare with": "Womit verglichen wird",
    "Original": "Original",
    "The look from before the first style": "Das Aussehen vor dem ersten Stil",
    "The look that was shown last": "Das zuletzt gezeigte Aussehen",
    "Rename Style": "Stil umbenennen",
    "Give this style another name": "Diesem Stil einen anderen Namen geben",
    "The new name": "Der neue Name",
    "Delete Style": "Stil löschen",
    "Take this style off the list for good; the original look cannot be deleted": (
        "Diesen Stil endgültig aus der Liste nehmen; das ursprüngliche Aussehen lässt sich nicht löschen"
    ),
    "Stylize Selected": "Auswahl stilisieren",
    "a rusty old robot": "ein rostiger alter Roboter",
    "The style is empty: type what the selected objects are to look like.": (
        "Der Stil ist leer: eintippen, wie die ausgewählten Objekte aussehen sollen."
    ),
    "The name is empty: type one.": "Der Name ist leer: einen eintippen.",
    "The original look cannot be deleted: choose a style.": (
        "Das ursprüngliche Aussehen lässt sich nicht löschen: einen Stil wählen."
    ),
    # --- variations, live, blend, refine ---
    "Count": "Anzahl",
    "How many variations are shown, each with a shape of its own": (
        "Wie viele Variationen gezeigt werden, jede mit eigener Form"
    ),
    "Show Variations": "Variationen zeigen",
    "Show small pictures of several shapes that suit the prompt, to choose from": (
        "Kleine Bilder mehrerer Formen, die zum Prompt passen, zur Auswahl zeigen"
    ),
    "Seeds": "Startwerte",
    "Exactly these seeds, as in “0, 4, 7-9”; empty for as many as Count, from Seed on": (
        "Genau diese Startwerte, wie in „0, 4, 7-9“; leer für so viele wie Anzahl, ab Startwert"
    ),
    "Choose": "Wählen",
    "Choose this variation, or leave it after all": "Diese Variation wählen oder doch nicht",
    "Seed of the variation": "Startwert der Variation",
    "Make This One": "Diese erzeugen",
    "Make this variation in full and put it at the 3D cursor": (
        "Diese Variation ganz erzeugen und an den 3D-Cursor stellen"
    ),
    "Make Chosen": "Gewählte erzeugen",
    "Make the chosen variations in full and stand them in a row, from the 3D cursor to the right": (
        "Die gewählten Variationen ganz erzeugen und vom 3D-Cursor nach rechts in eine Reihe stellen"
    ),
    "Seeds of the variations, as in “0, 4, 7-9”; empty for those chosen in the panel": (
        "Startwerte der Variationen, wie in „0, 4, 7-9“; leer für die im Panel gewählten"
    ),
    "Clear": "Leeren",
    "Take the pictures away; what has been made of them stays": "Die Bilder wegnehmen; was daraus entstand, bleibt",
    "Variations": "Variationen",
    "There are no variations yet: press Show Variations": "Es gibt noch keine Variationen: Variationen zeigen drücken",
    "There are no variations to choose from: press Show Variations first.": (
        "Es gibt keine Variationen zur Auswahl: zuerst Variationen zeigen drücken."
    ),
    "Not all of these variations have been looked at: choose some that the panel shows.": (
        "Nicht alle diese Variationen sind zu sehen: welche wählen, die das Panel zeigt."
    ),
    "Failed": "Gescheitert",
    "No variation has the seed {seed}: choose one that the panel shows.": (
        "Keine Variation hat den Startwert {seed}: eine wählen, die das Panel zeigt."
    ),
    "No variation is chosen: click the numbers below the pictures first.": (
        "Keine Variation ist gewählt: zuerst die Zahlen unter den Bildern anklicken."
    ),
    "Small pictures come first; what you choose is made in full.": (
        "Zuerst kommen kleine Bilder; was gewählt wird, entsteht dann ganz."
    ),
    "Only one shape suits these words: other words have more.": (
        "Zu diesen Worten passt nur eine Form: andere Worte haben mehr."
    ),
    "The count must lie between 1 and {most}, not {count}.": (
        "Die Anzahl muss zwischen 1 und {most} liegen, nicht {count}."
    ),
    "Live Preview": "Live-Vorschau",
    "Show a rough object at the 3D cursor that follows what you type and drag; it is not rendered and not saved": (
        "Am 3D-Cursor ein grobes Objekt zeigen, das dem Tippen und Ziehen folgt; es wird nicht "
        "gerendert und nicht gespeichert"
    ),
    "Follow": "Folgen",
    "What the preview follows": "Wem die Vorschau folgt",
    "Off": "Aus",
    "No preview": "Keine Vorschau",
    "The preview follows the prompt, the seed and the shape strength": (
        "Die Vorschau folgt dem Prompt, dem Startwert und der Formtreue"
    ),
    "Blend": "Überblendung",
    "The preview follows the blend of the two prompts": "Die Vorschau folgt der Überblendung der beiden Prompts",
    "Into": "Zu",
    "What the first prompt turns into, in a few words": "Was aus dem ersten Prompt wird, in wenigen Worten",
    "0 is the first prompt, 1 the second": "0 ist der erste Prompt, 1 der zweite",
    "As Shape Keys": "Als Shape Keys",
    "One object that can be moved all the way from the first prompt to the second, to animate it": (
        "Ein Objekt, das sich vom ersten Prompt bis zum zweiten bewegen lässt, zum Animieren"
    ),
    "Steps": "Schritte",
    "Shapes on the way, both ends among them; more take longer": (
        "Formen auf dem Weg, beide Enden eingeschlossen; mehr dauern länger"
    ),
    "Generate Blend": "Überblendung erzeugen",
    "Make an object on the way from one prompt to another and put it at the 3D cursor": (
        "Ein Objekt zwischen zwei Prompts erzeugen und an den 3D-Cursor stellen"
    ),
    "a blue van": "ein blauer Lieferwagen",
    "The second prompt is empty: type what to blend into.": (
        "Der zweite Prompt ist leer: eintippen, wozu überblendet werden soll."
    ),
    "The preview waits {obstacle}.": "Die Vorschau wartet {obstacle}.",
    "The preview is up to date.": "Die Vorschau ist auf dem neuesten Stand.",
    "The preview waits until the present job is done.": "Die Vorschau wartet, bis der jetzige Auftrag fertig ist.",
    "Time": "Zeit",
    "Seconds to work on the object; more time, better looks": (
        "So viele Sekunden wird am Objekt gearbeitet; mehr Zeit, besseres Aussehen"
    ),
    "Shape Too": "Auch die Form",
    "Move the shape as well as the colours; takes longer": "Nicht nur die Farben, auch die Form ändern; dauert länger",
    "Refine": "Verfeinern",
    "Work on the looks of the active object in the background; its place and name stay, and it can go back": (
        "Im Hintergrund am Aussehen des aktiven Objekts arbeiten; Ort und Name bleiben, und es geht auch zurück"
    ),
    "Prior": "Prior",
    "A prior file of your own, which judges the looks; empty for the one that comes with LATTE3D": (
        "Eine eigene Prior-Datei, die das Aussehen beurteilt; leer für die mitgelieferte"
    ),
    "Show Before": "Vorher zeigen",
    "Go back to the object as it was before refining, and, pressed again, to the refined one": (
        "Zum Objekt vor dem Verfeinern zurückgehen und beim nächsten Druck wieder zum verfeinerten"
    ),
    "Keep This Look": "Dieses Aussehen behalten",
    "Keep what is shown, and let go of the other look": "Behalten, was zu sehen ist, und das andere Aussehen aufgeben",
    "The scene has no object “{name}”: name another one.": "Die Szene hat kein Objekt „{name}“: ein anderes nennen.",
    "“{name}” does not say how it was made: refine an object that LATTE3D has generated.": (
        "„{name}“ sagt nicht, wie es entstand: ein von LATTE3D erzeugtes Objekt verfeinern."
    ),
    "“{name}” was made from more than a prompt, such as a blend: refine an object made by Generate.": (
        "„{name}“ entstand aus mehr als einem Prompt, etwa einer Überblendung: ein mit Erzeugen gemachtes verfeinern."
    ),
    "The active object has not been refined, or only one of its looks was kept": (
        "Das aktive Objekt ist nicht verfeinert, oder nur ein Aussehen wurde behalten"
    ),
    "Select an object that LATTE3D has made": "Ein Objekt auswählen, das LATTE3D erzeugt hat",
    "Select an object that LATTE3D has made.": "Ein Objekt auswählen, das LATTE3D erzeugt hat.",
    "“{name}” belongs to another file: make it local first.": (
        "„{name}“ gehört zu einer anderen Datei: zuerst lokal machen."
    ),
    "No object is active: select one that LATTE3D has made.": (
        "Kein Objekt ist aktiv: eines auswählen, das LATTE3D erzeugt hat."
    ),
    "This object has one look only: refine it first.": "Dieses Objekt hat nur ein Aussehen: zuerst verfeinern.",
    # --- populate ---
    "From": "Aus",
    "Where the prompts come from": "Woher die Prompts kommen",
    "Sentence": "Satz",
    "A line such as “a table with two chairs and a lamp on it”": (
        "Eine Zeile wie „a table with two chairs and a lamp on it“"
    ),
    "Text": "Text",
    "One prompt a line in Blender's Text Editor; “3 x red chair” makes three": (
        "Ein Prompt je Zeile in Blenders Texteditor; „3 x red chair“ macht drei"
    ),
    "File": "Datei",
    "A list on disk: plain text, CSV, JSON or JSON Lines": "Eine Liste auf der Platte: Text, CSV, JSON oder JSON Lines",
    "Empties": "Empties",
    "The names of the selected empties": "Die Namen der ausgewählten Empties",
    "A list of prompts: .txt, .csv, .json or .jsonl": "Eine Liste von Prompts: .txt, .csv, .json oder .jsonl",
    "A scene in a few words": "Eine Szene in wenigen Worten",
    "a wooden table with two chairs": "a wooden table with two chairs",
    "Place": "Platz",
    "Where the objects stand": "Wo die Objekte stehen",
    "As Described": "Wie beschrieben",
    "Where the sentence, the list or the empties themselves say": (
        "Wo es der Satz, die Liste oder die Empties selbst sagen"
    ),
    "One object at each selected empty, with its rotation and scale": (
        "Ein Objekt an jedem ausgewählten Empty, mit dessen Drehung und Skalierung"
    ),
    "Grid": "Raster",
    "In rows around the 3D cursor": "In Reihen um den 3D-Cursor",
    "Curve": "Kurve",
    "At equal distances along the selected curves": "In gleichen Abständen entlang der ausgewählten Kurven",
    "Surface": "Oberfläche",
    "Strewn over the selected mesh objects": "Über die ausgewählten Mesh-Objekte gestreut",
    "Objects": "Objekte",
    "How many in all; 0 for as many as the list says or the density gives": (
        "Wie viele insgesamt; 0 für so viele, wie die Liste sagt oder die Dichte ergibt"
    ),
    "Spacing": "Abstand",
    "Distance between neighbours": "Entfernung zwischen Nachbarn",
    "Columns": "Spalten",
    "Objects in a row of the grid; 0 for a square": "Objekte in einer Reihe des Rasters; 0 für ein Quadrat",
    "Density": "Dichte",
    "Objects on each square metre": "Objekte auf jedem Quadratmeter",
    "Distance": "Mindestabstand",
    "Least distance between two objects": "Kleinste Entfernung zwischen zwei Objekten",
    "Steepest Slope": "Steilste Neigung",
    "Surface that is steeper than this stays empty": "Steilere Oberfläche bleibt leer",
    "Align": "Ausrichten",
    "Lean with the surface, or face along the curve, instead of standing straight": (
        "Sich mit der Oberfläche neigen oder der Kurve folgen, statt gerade zu stehen"
    ),
    "Drop to Ground": "Auf den Boden setzen",
    "Let the bottoms touch what is beneath, or above where nothing is": (
        "Die Unterseiten berühren, was darunter ist, oder darüber, wo nichts ist"
    ),
    "Mix": "Mischen",
    "Spread the prompts at random, instead of in the order of the list": (
        "Die Prompts zufällig verteilen statt in der Reihenfolge der Liste"
    ),
    "Random Turn": "Zufällige Drehung",
    "Range of the random turn about the vertical": "Bereich der zufälligen Drehung um die Senkrechte",
    "Scale Min": "Skalierung min.",
    "Least random scale": "Kleinste zufällige Skalierung",
    "Max": "Max.",
    "Greatest random scale": "Größte zufällige Skalierung",
    "Variants": "Varianten",
    "Different objects of each prompt; the rest repeats them": (
        "Verschiedene Objekte je Prompt; die übrigen wiederholen sie"
    ),
    "Another seed, other shapes and other places": "Anderer Startwert, andere Formen und andere Plätze",
    "Text with one prompt a line": "Text mit einem Prompt je Zeile",
    "Listed": "Aufgezählt",
    "What was found in the file": "Was in der Datei gefunden wurde",
    "Run": "Durchgang",
    "Collection of an earlier run": "Collection eines früheren Durchgangs",
    "Populate": "Bevölkern",
    "Make every object of the list once and stand it wherever it belongs, in a collection of its own": (
        "Jedes Objekt der Liste einmal erzeugen und hinstellen, wo es hingehört, in einer eigenen Collection"
    ),
    "Name of the text with one prompt a line": "Name des Texts mit einem Prompt je Zeile",
    "Targets": "Ziele",
    "Names of the empties, curves or surfaces to place at, one a line; empty for the selected ones": (
        "Namen der Empties, Kurven oder Oberflächen, einer je Zeile; leer für die ausgewählten"
    ),
    "Only Tell": "Nur sagen",
    "Say what would be made, and make nothing": "Sagen, was entstünde, und nichts erzeugen",
    "Resume": "Fortsetzen",
    "Make what is missing of this run: what failed, was cancelled, undone or deleted": (
        "Erzeugen, was von diesem Durchgang fehlt: was scheiterte, abgebrochen, rückgängig gemacht oder gelöscht wurde"
    ),
    "Collection": "Collection",
    "Name of the run's collection; empty for the one in the panel": (
        "Name der Collection des Durchgangs; leer für die im Panel"
    ),
    "Stop this run; what is made already stays, and Resume makes the rest": (
        "Diesen Durchgang abbrechen; was fertig ist, bleibt, und Fortsetzen erzeugt den Rest"
    ),
    "Name of the run's collection; empty for all runs": "Name der Collection des Durchgangs; leer für alle Durchgänge",
    "Nothing of this run is missing": "Von diesem Durchgang fehlt nichts",
    "No scene is being populated": "Es wird keine Szene bevölkert",
    # --- this object and history ---
    "Regenerate": "Neu erzeugen",
    "Make this object again with the same settings; it keeps its place, name, size and modifiers": (
        "Dieses Objekt mit denselben Einstellungen neu erzeugen; Ort, Name, Größe und Modifikatoren bleiben"
    ),
    "Object": "Objekt",
    "Name of the object; empty for the active one": "Name des Objekts; leer für das aktive",
    "Vary": "Variieren",
    "Make another one from the same prompt, beside this object": (
        "Aus demselben Prompt ein anderes erzeugen, neben diesem Objekt"
    ),
    "Seed of the new object; -1 throws the dice": "Startwert des neuen Objekts; -1 würfelt",
    "Copy Prompt": "Prompt kopieren",
    "Copy the prompt of this object to the clipboard": "Den Prompt dieses Objekts in die Zwischenablage kopieren",
    "Recall": "Abrufen",
    "Put this prompt and its settings into the panel": "Diesen Prompt samt Einstellungen in das Panel holen",
    "Entry": "Eintrag",
    "Name of the entry in the history; empty for the newest": "Name des Eintrags im Verlauf; leer für den neuesten",
    "Name of an object to take them from, instead of an entry": (
        "Name eines Objekts, von dem sie kommen, statt eines Eintrags"
    ),
    "Forget Prompt": "Prompt vergessen",
    "Take this prompt out of the history; objects stay": "Diesen Prompt aus dem Verlauf nehmen; Objekte bleiben",
    "Name of the entry in the history": "Name des Eintrags im Verlauf",
    "Clear History": "Verlauf leeren",
    "Forget all prompts and their pictures; objects stay": "Alle Prompts und ihre Bilder vergessen; Objekte bleiben",
    "Search": "Suchen",
    "Show the prompts that have these words": "Die Prompts zeigen, die diese Wörter enthalten",
    "Page": "Seite",
    "Which part of the list is shown": "Welcher Teil der Liste gezeigt wird",
    "Page {page} of {pages}": "Seite {page} von {pages}",
    "This Object": "Dieses Objekt",
    "History": "Verlauf",
    "Use Settings": "Einstellungen übernehmen",
    "Version": "Version",
    "“{name}” does not say how it was made: choose an object that LATTE3D has made.": (
        "„{name}“ sagt nicht, wie es entstand: ein Objekt wählen, das LATTE3D erzeugt hat."
    ),
    "“{name}” takes more than its prompt to make again: use the panel that made it.": (
        "„{name}“ braucht mehr als seinen Prompt: das Panel benutzen, mit dem es entstand."
    ),
    "“{name}” was made with another model ({model}): the result will differ. Import that model first.": (
        "„{name}“ entstand mit einem anderen Modell ({model}): das Ergebnis wird abweichen. Zuerst "
        "jenes Modell importieren."
    ),
    "Made with another model than the chosen one: made again with that, it will differ.": (
        "Mit einem anderen als dem gewählten Modell entstanden: neu erzeugt wird es anders aussehen."
    ),
    "The prompt is on the clipboard": "Der Prompt ist in der Zwischenablage",
    "There is no object in this file": "In dieser Datei ist kein Objekt",
    "There is no object “{name}”: choose another one.": "Es gibt kein Objekt „{name}“: ein anderes wählen.",
    "Select an object.": "Ein Objekt auswählen.",
    "This prompt is not in the history any more: choose another one.": (
        "Dieser Prompt ist nicht mehr im Verlauf: einen anderen wählen."
    ),
    "The history is empty": "Der Verlauf ist leer",
    "Prompts that you use will be listed here": "Hier werden benutzte Prompts aufgezählt",
    "No prompt has these words": "Kein Prompt enthält diese Wörter",
    # --- setup ---
    "Check Setup": "Einrichtung prüfen",
    "Look whether everything that generation needs is there and works; takes some seconds": (
        "Nachsehen, ob alles Nötige da ist und funktioniert; dauert einige Sekunden"
    ),
    "Copy what the check has found to the clipboard": "In die Zwischenablage kopieren, was die Prüfung gefunden hat",
    "Setup": "Einrichtung",
    "The report is on the clipboard": "Der Bericht ist in der Zwischenablage",
    "Everything that generation needs is there": "Alles Nötige ist da",
    "The check runs already": "Die Prüfung läuft schon",
    "Python cannot be started for the check ({reason}): reinstall Blender.": (
        "Python lässt sich für die Prüfung nicht starten ({reason}): Blender neu installieren."
    ),
    "Nothing has been checked yet": "Es wurde noch nichts geprüft",
    "Checking: {name} …": "Wird geprüft: {name} …",
    "Use the Included Model": "Mitgeliefertes Modell benutzen",
    "Choose Automatic": "Automatisch wählen",
    # --- assets ---
    "Mark as Asset": "Als Asset markieren",
    "Show the object in the Asset Browser, with a picture, tags from its prompt, author and licence": (
        "Das Objekt im Asset-Browser zeigen, mit Bild, Schlagworten aus dem Prompt, Urheber und Lizenz"
    ),
    "Names of the objects; none for those that are selected": "Namen der Objekte; keine für die ausgewählten",
    "Save to Library": "In Bibliothek speichern",
    "Write the object as an asset into a library on the disk, a file of its own; the open file stays as it is": (
        "Das Objekt als Asset in eine Bibliothek auf der Platte schreiben, in eine eigene Datei; "
        "die offene bleibt, wie sie ist"
    ),
    "Library": "Bibliothek",
    "Name of an asset library of the preferences; empty for the first one": (
        "Name einer Asset-Bibliothek aus den Einstellungen; leer für die erste"
    ),
    "File Name": "Dateiname",
    "Name of the file without its ending; empty for the name of the object": (
        "Name der Datei ohne Endung; leer für den Namen des Objekts"
    ),
    "One File": "Eine Datei",
    "Write all objects into one file, instead of one file each": (
        "Alle Objekte in eine Datei schreiben statt jedes in eine eigene"
    ),
    "There is nothing to mark: select objects of this file.": "Nichts zu markieren: Objekte dieser Datei auswählen.",
    "There is no object “{name}”: it is left out.": "Es gibt kein Objekt „{name}“: es wird ausgelassen.",
    "“{name}” belongs to another file: make it local first, or mark it there.": (
        "„{name}“ gehört zu einer anderen Datei: zuerst lokal machen oder dort markieren."
    ),
    "There is no asset library: add one in Edit > Preferences > File Paths": (
        "Es gibt keine Asset-Bibliothek: unter Bearbeiten > Einstellungen > Dateipfade eine hinzufügen"
    ),
    "There is no asset library “{name}”: add it in Edit > Preferences > File Paths.": (
        "Es gibt keine Asset-Bibliothek „{name}“: unter Bearbeiten > Einstellungen > Dateipfade hinzufügen."
    ),
    "The folder of the library “{name}” is not there: {path}; connect it, or change its path.": (
        "Der Ordner der Bibliothek „{name}“ ist nicht da: {path}; verbinden oder den Pfad ändern."
    ),
    "The library folder {folder} cannot be written: {reason}; free space or check its rights.": (
        "In den Bibliotheksordner {folder} lässt sich nicht schreiben: {reason}; Platz schaffen oder die Rechte prüfen."
    ),
    "{count} objects are assets now": "{count} Objekte sind jetzt Assets",
    "“{name}” is an asset now": "„{name}“ ist jetzt ein Asset",
    "Saved as {path}": "Gespeichert als {path}",
    # --- menus and dropped files ---
    "LATTE3D Object…": "LATTE3D-Objekt…",
    "Make a textured object from a prompt and put it at the 3D cursor": (
        "Ein texturiertes Objekt aus einem Prompt erzeugen und an den 3D-Cursor stellen"
    ),
    "Stylize with LATTE3D…": "Mit LATTE3D stilisieren…",
    "Give the selected meshes a new look from a prompt; asks for the prompt first": (
        "Den ausgewählten Meshes aus einem Prompt ein neues Aussehen geben; fragt zuerst nach dem Prompt"
    ),
    "Populate from Prompts": "Aus Prompts bevölkern",
    "Fill the scene with the objects of a list of prompts: where the list says, else as in the Populate panel": (
        "Die Szene mit den Objekten einer Liste füllen: wo die Liste es sagt, sonst wie im Panel Bevölkern"
    ),
    "The file to read": "Die Datei, die gelesen wird",
    "Folder": "Ordner",
    "The folder of the dropped files": "Der Ordner der fallen gelassenen Dateien",
    "The dropped files": "Die fallen gelassenen Dateien",
    "Import and Stylize": "Importieren und stilisieren",
    "Import the file, select what came, and ask for a style": (
        "Die Datei importieren, das Neue auswählen und nach einem Stil fragen"
    ),
    "What the mesh is to look like; empty imports and asks later": (
        "Wie das Mesh aussehen soll; leer importiert und fragt später"
    ),
    "LATTE3D: Populate from Prompts": "LATTE3D: Aus Prompts bevölkern",
    "LATTE3D: Import and Stylize": "LATTE3D: Importieren und stilisieren",
    "Drop one list of prompts at a time: a text, CSV or JSON Lines file.": (
        "Immer nur eine Liste von Prompts fallen lassen: eine Text-, CSV- oder JSON-Lines-Datei."
    ),
    "No file was given: drop a .glb, .gltf or .obj file.": (
        "Keine Datei angegeben: eine .glb-, .gltf- oder .obj-Datei fallen lassen."
    ),
    "Select one or more mesh objects": "Ein oder mehrere Mesh-Objekte auswählen",
    "Leave the present mode first": "Zuerst den jetzigen Modus verlassen",
    "{count} objects will be made": "{count} Objekte werden erzeugt",
    "There is no mesh with faces in {name}: drop another file.": (
        "In {name} ist kein Mesh mit Flächen: eine andere Datei fallen lassen."
    ),
}
