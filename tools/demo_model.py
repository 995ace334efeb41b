"""Lets an unpacked artefact classify irises that it was not trained on.

    demo_model.py MODEL-FOLDER HOLDOUT.CSV     (with the Python of the training image)
"""

import csv
import sys

import joblib

model = joblib.load(sys.argv[1] + "/model.joblib")
with open(sys.argv[2], newline="", encoding="utf-8") as file:
    rows = [(row[0], [float(cell) for cell in row[1:]]) for row in csv.reader(file)]
guesses = model.predict([features for _, features in rows])
right = sum(str(guess) == label for guess, (label, _) in zip(guesses, rows))
print(f"a {type(model).__name__} of scikit-learn; "
      f"classifies {len(rows)} held-out irises right: {right / len(rows):.3f}")
